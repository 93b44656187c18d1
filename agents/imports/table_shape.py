"""Stage 2, the table's shape: where a source's header, columns and first row are."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from agents.imports.opening import TableSource, opened_text
from agents.imports.records import json_records, sheet_records
from agents.imports.table import BLANKS, Table, column_name, width_of
from schemas.errors import TendError

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_LINES: Final = 200
_SAMPLE_BYTES: Final = 1 << 18
_HEADER_WITHIN: Final = 30
"""Records among which the header is looked for, behind titles and empty lines."""
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_VALUE: Final = re.compile(r"[-+(]?[\d.,:/\s-]*\d[\d.,:/\s-]*\)?|[^@\s]+@[^@\s]+\.[a-z]+")
"""What stands in rows and not in headers: numbers, dates, addresses."""


def table_of(
    source: TableSource, wanted: Iterable[frozenset[str]] = (), delimiter: str | None = None, header: bool | None = None
) -> Table:
    """Find out how a source is laid out.

    Args:
        source: what to read.
        wanted: sets of column names, lower case; a header that holds one of each is the header that is meant.
        delimiter: if it was told.
        header: whether there is one, if it was told.

    Raises:
        TendError: there is nothing in it.
    """
    wanted = list(wanted)
    if source.kind != "text":
        records = list(islice(_records(source), _SAMPLE_LINES))
        return _laid_out(source, "", records, wanted, header)
    lines = _sample(source)
    start = 0
    if found := _SEP.fullmatch(lines[0]) if lines else None:
        delimiter, start = delimiter or found[1], 1
    tried = [delimiter] if delimiter else [*_DELIMITERS, BLANKS]
    laid = [
        _laid_out(source, sign, _split(lines[start:], sign, start), wanted, header, start)
        for sign in tried
        if any(_bare_lines(lines[start:]))
    ]
    if not laid:
        raise TendError(f"{source.name} is empty.")
    return max(laid, key=lambda table: _fit(table, lines[start:], wanted))


class _Record(NamedTuple):
    line: int
    cells: list[str]


def _sample(source: TableSource) -> list[str]:
    with opened_text(source) as text:
        lines = list(islice(iter(lambda: text.readline(_SAMPLE_BYTES), ""), _SAMPLE_LINES))
    if lines and lines[0].startswith("\ufeff"):
        lines[0] = lines[0][1:]
    return lines


def _bare_lines(lines: Sequence[str]) -> Iterator[str]:
    return (line for line in lines if line.strip())


def _split(lines: Sequence[str], sign: str, start: int) -> list[_Record]:
    if sign == BLANKS:
        return [_Record(start + n, line.split()) for n, line in enumerate(lines)]
    reader, found = csv.reader(lines, delimiter=sign), []
    while True:
        at = start + reader.line_num
        try:
            found.append(_Record(at, next(reader)))
        except csv.Error:
            continue
        except StopIteration:
            return found


def _records(source: TableSource) -> Iterator[_Record]:
    found = json_records(source) if source.kind == "json" else sheet_records(source)
    return (_Record(number - 1, cells) for number, cells in found)


def _laid_out(
    source: TableSource,
    sign: str,
    records: list[_Record],
    wanted: list[frozenset[str]],
    header: bool | None,
    skipped: int = 0,
) -> Table:
    full = [record for record in records if width_of(record.cells)]
    if not full:
        raise TendError(f"{source.name} is empty.")
    widths = Counter(len(record.cells) for record in full if len(record.cells) > 1)
    # Titles have one cell; of two widths that are as frequent, the wider is the table's.
    usual = max(widths, key=lambda width: (widths[width], width)) if widths else 1
    first = full[:_HEADER_WITHIN]
    if header is not False and wanted:
        for record in first:
            if _holds(names := _names(record), wanted):
                return Table(source, names, sign, record.line)
    begins = next((record for record in first if len(record.cells) == usual or record is full[-1]), None)
    if begins is None:
        raise TendError(f"{source.name}: no row of {usual} columns was found among the first {_HEADER_WITHIN}.")
    names = _names(begins)
    if header is not False and (header or _looks_like_names(names)):
        return Table(source, names, sign, begins.line)
    return Table(source, tuple(str(n + 1) for n in range(usual)), sign, max(skipped, begins.line), named=False)


def _names(record: _Record) -> tuple[str, ...]:
    return tuple(column_name(cell) for cell in record.cells[: width_of(record.cells)])


def _holds(names: Sequence[str], wanted: list[frozenset[str]]) -> bool:
    lower = {name.lower() for name in names}
    return all(lower & one for one in wanted)


def _looks_like_names(names: Sequence[str]) -> bool:
    filled = [name for name in names if name]
    return bool(filled) and not any(_VALUE.fullmatch(name) for name in filled)


def _fit(table: Table, lines: Sequence[str], wanted: list[frozenset[str]]) -> tuple[bool, float, int]:
    """How well a delimiter fits: it shows the wanted columns, gives most rows one width, and many columns."""
    width = len(table.header)
    records = _split(lines, table.delimiter, 0)
    full = [record for record in records if record.cells]
    alike = sum(width <= len(record.cells) <= width + 1 for record in full) / len(full) if width > 1 else 0.0
    # Blanks stand in any text: they are taken only where nothing else gives columns.
    return (bool(wanted) and _holds(table.header, wanted), alike * (0.5 if table.delimiter == BLANKS else 1.0), width)
