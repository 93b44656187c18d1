"""A look at a file before it is imported: how it is laid out, what it probably means, and the command to run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from agents.imports.amounts import currency_named
from agents.imports.cells import bare, is_nothing
from agents.imports.guess import meanings_of
from agents.imports.opening import sources_of
from agents.imports.presets import PRESETS, layout_of
from agents.imports.table import Table
from agents.imports.table_shape import table_of

_SAMPLE: Final = 200
_CALLED: Final = {"cancelled_at": "cancelled-at"}
_NEEDED: Final = ("customer", "time", "amount")


@dataclass
class Look:
    """What a look at a file found."""

    tables: list[Table]
    samples: list[list[Sequence[str]]]
    """The first rows of each."""
    preset: str = ""
    """The known export that it is; empty where it is none."""
    guessed: dict[str, str] = field(default_factory=dict)
    """Meaning to column, where no preset fits."""
    currency: str = ""
    """That the amounts themselves name."""
    missing: list[str] = field(default_factory=list)
    """What an import needs and no column seems to be."""

    @property
    def has_currency(self) -> bool:
        """Whether the file, or what is known of it, says in which currency its amounts are."""
        if self.preset:
            layout = layout_of(self.tables[0].header, PRESETS[self.preset].layouts)
            return bool(PRESETS[self.preset].currency or (layout and "currency" in layout.columns))
        return "currency" in self.guessed or bool(self.currency)

    def options(self) -> list[str]:
        """The options that tell an import what was guessed."""
        if self.preset:
            return ["--preset", self.preset]
        found: list[str] = []
        for meaning, column in self.guessed.items():
            name = "currency-column" if meaning == "currency" else _CALLED.get(meaning, meaning)
            found += [f"--{name}", column]
        if "price" in self.guessed or self._repeated_totals():
            found += ["--amount-is", "order"]
        if self.currency:
            found += ["--currency", self.currency]
        if not self.tables[0].named:
            found += ["--no-header"]
        return found

    def _repeated_totals(self) -> bool:
        """Whether rows of one order all carry the same amount, which is then the order's."""
        if "order" not in self.guessed or "amount" not in self.guessed:
            return False
        header = self.tables[0].header
        order, amount = header.index(self.guessed["order"]), header.index(self.guessed["amount"])
        totals: dict[str, set[str]] = {}
        rows: dict[str, int] = {}
        for row in self.samples[0]:
            if max(order, amount) < len(row):
                totals.setdefault(row[order], set()).add(row[amount])
                rows[row[order]] = rows.get(row[order], 0) + 1
        several = [one for one, count in rows.items() if count > 1]
        return bool(several) and all(len(totals[one] - {""}) == 1 for one in several)


def look_at(path: Path, encoding: str | None = None, delimiter: str | None = None, header: bool | None = None) -> Look:
    """Look at a file, an archive, a workbook or a folder.

    Raises:
        TendError: it cannot be opened.
    """
    sources = sources_of(path, encoding)
    tables = [table_of(source, (), delimiter, header) for source in sources]
    samples = [[row.cells for row in islice(table.rows(), _SAMPLE) if row.problem is None] for table in tables]
    found = Look(tables, samples)
    found.preset = _known(tables, samples)
    if not found.preset:
        found.guessed = meanings_of(tables[0].header, samples[0])
        found.currency = _named_currency(found)
        found.missing = [meaning for meaning in _NEEDED if meaning not in found.guessed]
    return found


def _known(tables: list[Table], samples: list[list[Sequence[str]]]) -> str:
    for name, preset in PRESETS.items():
        if preset.header is False:
            if len(tables) == 1 and not tables[0].named and _is_cdnow(tables[0], samples[0]):
                return name
        elif any((one := layout_of(table.header, preset.layouts)) and "time" in one.needs for table in tables):
            return name
    return ""


def _named_currency(found: Look) -> str:
    """The currency that every amount of the sample names; empty where they name none, or several."""
    if "amount" not in found.guessed or "currency" in found.guessed:
        return ""
    place = found.tables[0].header.index(found.guessed["amount"])
    named = {currency_named(bare(row[place])) for row in found.samples[0] if not is_nothing(row[place].strip())}
    return next(iter(named)) if len(named) == 1 else ""


def _is_cdnow(table: Table, rows: list[Sequence[str]]) -> bool:
    """Numbers of customers, a day such as 19970101, pieces, an amount."""
    width = len(table.header)
    at = width - 3
    return width in (4, 5) and all(
        len(row) == width and row[0].isdigit() and len(row[at]) == 8 and row[at].startswith("199") for row in rows
    )


def column_lines(found: Look, index: int) -> list[tuple[str, str, str]]:
    """Each column of a table with its guessed meaning and its first values."""
    table, rows = found.tables[index], found.samples[index]
    meanings: dict[str, str] = {}
    if found.preset:
        layout = layout_of(table.header, PRESETS[found.preset].layouts)
        for meaning, names in (layout.columns if layout else {}).items():
            for name in names:
                meanings.setdefault(name.lower(), meaning)
    else:
        meanings = {column.lower(): meaning for meaning, column in found.guessed.items()} if index == 0 else {}
    lines = []
    for place, name in enumerate(table.header):
        texts = (bare(row[place]) for row in rows if place < len(row))
        values = list(islice(dict.fromkeys(text for text in texts if not is_nothing(text)), 3))
        lines.append((name, meanings.get(name.lower(), ""), " · ".join(" ".join(value.split()) for value in values)))
    return lines


def command_line(path: Path, options: Sequence[str]) -> str:
    """The command as it can be pasted into a shell."""
    return shlex.join(["tend", "import", "orders", str(path), *options])
