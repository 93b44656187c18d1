"""What an import is asked for, and the tables that it finds to read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents.access import AccessKeys
from agents.imports.conventions import FileConventions
from agents.imports.opening import sources_of
from agents.imports.presets import Layout, layout_of
from agents.imports.table import Table
from agents.imports.table_shape import table_of
from schemas.errors import TendError

_LIKE_A_STATUS: Final = re.compile(
    r"(?i)status|state$|refund|cancel|storn|estado|statut|zustand|erstatt|状态|退款", re.IGNORECASE
)
_NEVER: Final = re.compile(r"(?!)")


@dataclass(frozen=True)
class Request:
    """What an import was asked for."""

    path: Path
    layouts: tuple[Layout, ...]
    """What columns mean; of several, each table takes the first that fits."""
    told: FileConventions
    keys: AccessKeys
    currency: str = ""
    """Of orders that carry none."""
    country: str = ""
    """ISO 3166 code: how phone numbers are written that carry no country's code."""
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    max_bad: float = 0.01
    """Share of rows that may be unreadable before nothing is written."""
    test_items: re.Pattern[str] = _NEVER
    no_items: re.Pattern[str] = _NEVER
    limit: int | None = None
    """Rows of each table that are read, for a look."""

    def require_other(self, out: Path) -> None:
        """Raises TendError where the result would take the place of what is read."""
        if out.exists() and self.path.exists() and out.samefile(self.path):
            raise TendError(f"{out} is what is read, and would be written over. Name another file with --out.")


def tables_of(request: Request) -> tuple[list[tuple[Table, Layout]], list[str]]:
    """The tables with what their columns mean, and remarks on those that are left aside.

    Raises:
        TendError: a column that was told is not there, or no table is of a known kind.
    """
    found: list[tuple[Table, Layout]] = []
    aside: list[str] = []
    sources = sources_of(request.path, request.encoding)
    missing = ""
    for source in sources:
        for layout in request.layouts:
            wanted = [frozenset(name.lower() for name in layout.columns[meaning]) for meaning in layout.needs]
            table = table_of(source, wanted, request.delimiter, request.header)
            if (fitting := layout_of(table.header, (layout,))) is not None:
                found.append((table, fitting))
                break
            missing = missing or _missing(table, layout)
        else:
            aside.append(source.name)
    if not any(not layout.looks_up for _, layout in found):
        raise TendError(missing)
    if len(request.layouts) == 1 and len(sources) > 1 and aside and "time" in request.layouts[0].needs:
        remarks = [f"left aside, as the columns are not there: {', '.join(aside)}"]
    else:
        remarks = [f"left aside, as they hold no orders: {', '.join(aside)}"] if aside else []
    return found, remarks + _unused(found)


def _missing(table: Table, layout: Layout) -> str:
    lower = {name.lower() for name in table.header}
    for meaning in layout.needs:
        names = layout.columns[meaning]
        if not any(name.lower() in lower for name in names):
            near = difflib.get_close_matches(names[0], table.header, 1)
            meant = f" Is {near[0]!r} meant?" if near else ""
            what = f"the column {names[0]!r}" if len(names) == 1 else f"a column {' or '.join(map(repr, names))}"
            place = "the header" if table.named else "no header; columns have numbers"
            return (
                f"{table.source.name}: {what} of {meaning} is not there.{meant} The file has {place}: "
                f"{', '.join(table.header)}. `tend import look {table.source.path.name}` shows more."
            )
    return f"{table.source.name}: the columns were not found."


def _unused(parts: Sequence[tuple[Table, Layout]]) -> list[str]:
    """A remark where a column looks as if it told orders that do not stand, and is not used."""
    if any(meaning in layout.columns for _, layout in parts for meaning in ("status", "refunded", "cancelled_at")):
        return []
    names = [name for table, _ in parts for name in table.header if _LIKE_A_STATUS.search(name)]
    if not names:
        return []
    return [
        f"{', '.join(map(repr, dict.fromkeys(names)))} may tell orders that do not stand (cancelled, refunded …); "
        "all now count as sold: --status COL, --refunded COL and --cancelled-at COL read such columns"
    ]
