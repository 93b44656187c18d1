"""Between columns and cells: one reading of the whole file that proves how its dates and amounts are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from agents.imports.amounts import Amounts, DecimalEvidence, Sign
from agents.imports.cells import bare, is_nothing
from agents.imports.dates import DateEvidence, Dates
from agents.imports.opening import OnBytes
from agents.imports.presets import AMOUNTS, TIMES, Layout
from agents.imports.statuses import Meaning, plain_status
from agents.imports.table import Table
from schemas.errors import TendError
from schemas.times import Millis

_SHOWN: Final = 8
_ANY_DAY: Final = ("promised_at", "birthday")
"""Dates that may lie before the shop and behind today."""


@dataclass(frozen=True)
class FileConventions:
    """What the command line says of the whole file."""

    zone: tzinfo
    date_format: str | None = None
    decimal: Sign | None = None
    since: Millis | None = None
    until: Millis | None = None
    statuses: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True)
class Conventions:
    """How the columns of all tables are written: a reader for each meaning."""

    dates: Mapping[str, Dates]
    amounts: Mapping[str, Amounts]


@dataclass
class _Evidence:
    dates: dict[str, DateEvidence] = field(default_factory=dict)
    amounts: dict[str, DecimalEvidence] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)


def prove(parts: Sequence[tuple[Table, Layout]], told: FileConventions, on_bytes: OnBytes | None = None) -> Conventions:
    """Read everything once, and say how dates and amounts are written.

    Raises:
        TendError: a column can be read in two ways, holds states of orders that are in no table, or a quotation mark
            is never closed.
    """
    found = _Evidence()
    for table, layout in parts:
        _see(table, layout, told, found, on_bytes)
    if found.unknown:
        raise TendError(_unknown_states(found.unknown))
    dates = {
        meaning: Dates(
            told.zone,
            told.date_format if meaning == "time" else None,
            evidence.form(found.columns[meaning]) if meaning != "time" or told.date_format is None else None,
            None if meaning in _ANY_DAY else told.since,
            None if meaning in _ANY_DAY else told.until,
        )
        for meaning, evidence in found.dates.items()
    }
    return Conventions(dates, _amounts(found, told))


def _amounts(found: _Evidence, told: FileConventions) -> dict[str, Amounts]:
    signs: dict[str, Sign] = {}
    for meaning, evidence in found.amounts.items():
        if told.decimal:
            signs[meaning] = told.decimal
        elif meaning != "quantity":
            signs[meaning] = evidence.sign(found.columns[meaning])
    if "quantity" in found.amounts and not told.decimal:
        # 1.000 pieces of a program that writes three decimals: the file's amounts show which sign that is.
        signs["quantity"] = next((signs[name] for name in ("amount", "price", "payment") if name in signs), ".")
    return {meaning: Amounts(sign) for meaning, sign in signs.items()}


def _see(table: Table, layout: Layout, told: FileConventions, found: _Evidence, on_bytes: OnBytes | None) -> None:
    lower = [name.lower() for name in table.header]
    watched: list[tuple[int, Callable[[str, str], None]]] = []
    for meaning, names in layout.columns.items():
        for name in names:
            found.columns.setdefault(meaning, name)
            if (watch := _watcher(meaning, told, found)) is not None:
                watched.append((lower.index(name.lower()), watch))
    for row in table.rows(on_bytes):
        if row.problem is None:
            for place, watch in watched:
                text = bare(row.cells[place])
                if not is_nothing(text):
                    watch(text, f"line {row.number}")


def _watcher(meaning: str, told: FileConventions, found: _Evidence) -> Callable[[str, str], None] | None:
    if meaning in TIMES:
        dates = found.dates.setdefault(meaning, DateEvidence())
        return lambda text, where: dates.see(where, text)
    if meaning in AMOUNTS or meaning == "quantity":
        amounts = found.amounts.setdefault(meaning, DecimalEvidence())
        return lambda text, where: amounts.see(text)
    if meaning == "status":
        known: set[str] = set()

        def status(text: str, where: str) -> None:
            if text not in known:
                if plain_status(text) in told.statuses:
                    known.add(text)
                else:
                    found.unknown[text] += 1

        return status
    return None


def _unknown_states(unknown: Counter[str]) -> str:
    shown = ", ".join(f"{text!r} ({count:,} rows)" for text, count in unknown.most_common(_SHOWN))
    first = unknown.most_common(1)[0][0]
    return (
        f"The states of orders hold what is in no table: {shown}. Say what each means, such as "
        f"--status-means '{first}=sale'; the meanings are sale, unpaid, cancelled, refunded, refund and test."
    )
