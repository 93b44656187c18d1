"""Stage 2, table: where a source's columns and rows are, and every row with its number, readable or not."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from agents.imports.opening import OnBytes, TableSource, opened_text
from agents.imports.problems import BadValue
from agents.imports.records import json_records, sheet_records
from agents.lines import bounded_lines
from schemas.errors import TendError

BLANKS: Final = "blanks"
"""The delimiter of columns that stand apart by runs of blanks."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_LINES: Final = 200
_SAMPLE_BYTES: Final = 1 << 18
_HEADER_WITHIN: Final = 30
"""Records among which the header is looked for, behind titles and empty lines."""
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_VALUE: Final = re.compile(r"[-+(]?[\d.,:/\s-]*\d[\d.,:/\s-]*\)?|[^@\s]+@[^@\s]+\.[a-z]+")
"""What stands in rows and not in headers: numbers, dates, addresses."""


class TableRow(NamedTuple):
    """A row of the table; with a problem, its cells are as good as they could be got."""

    number: int
    cells: Sequence[str]
    problem: BadValue | None = None


@dataclass(frozen=True)
class Table:
    """One source with its layout."""

    source: TableSource
    header: tuple[str, ...]
    """Names of the columns; 1, 2, 3 … where the file has none."""
    delimiter: str = ""
    """Of text; ``blanks`` for runs of blanks."""
    skipped: int = 0
    """Lines before the header, or before the first row where there is none."""
    named: bool = True
    """Whether there is a header."""
    counts: Counter[str] = field(default_factory=Counter, compare=False)
    """Lines of the file, empty lines and repeated headers of the last reading."""

    def rows(self, on_bytes: OnBytes | None = None) -> Iterator[TableRow]:
        """All rows with the number of the line where each begins.

        Raises:
            TendError: a quotation mark is never closed.
        """
        self.counts.clear()
        if self.source.kind == "text":
            with opened_text(self.source, on_bytes) as text:
                lines = bounded_lines(text, self.source.name)
                records = _blank_rows(lines, self) if self.delimiter == BLANKS else _delimited_rows(lines, self)
                yield from _fitted(records, self)
        else:
            yield from _fitted(_ready_rows(self, on_bytes), self)


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


def _width(cells: Sequence[str]) -> int:
    """Cells without empty ones at the end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def _laid_out(
    source: TableSource,
    sign: str,
    records: list[_Record],
    wanted: list[frozenset[str]],
    header: bool | None,
    skipped: int = 0,
) -> Table:
    full = [record for record in records if _width(record.cells)]
    if not full:
        raise TendError(f"{source.name} is empty.")
    widths = Counter(len(record.cells) for record in full if len(record.cells) > 1)
    # Titles have one cell; of two widths that are as frequent, the wider is the table's.
    usual = max(widths, key=lambda width: (widths[width], width)) if widths else 1
    for record in full[:_HEADER_WITHIN]:
        names = tuple(column_name(cell) for cell in record.cells[: _width(record.cells)])
        if header is not False and wanted and _holds(names, wanted):
            return Table(source, names, sign, record.line)
    for record in full[:_HEADER_WITHIN]:
        if len(record.cells) == usual or record is full[-1]:
            names = tuple(column_name(cell) for cell in record.cells[: _width(record.cells)])
            if header is not False and (header or _looks_like_names(names)):
                return Table(source, names, sign, record.line)
            return Table(source, tuple(str(n + 1) for n in range(usual)), sign, max(skipped, record.line), named=False)
    raise TendError(f"{source.name}: no row of {usual} columns was found among the first {_HEADER_WITHIN}.")


def column_name(cell: str) -> str:
    """A name without byte-order mark, formula dressing, and line breaks."""
    return " ".join(cell.replace("\ufeff", "").strip().removeprefix("=").strip('"').split())


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


class _Lines:
    """Lines of a file that remembers those of the record being read."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.taken.append(line)
        return line


def _delimited_rows(text: Iterable[str], table: Table) -> Iterator[TableRow]:
    lines = _Lines(islice(text, table.skipped, None))
    reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
    if table.named:
        _pass_header(reader, table)
    while True:
        begin = table.skipped + reader.line_num + 1
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            table.counts["lines"] = table.skipped + reader.line_num
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or "larger than" in str(error):
                raise _never_closed(table, begin, reader.line_num + table.skipped) from None
            yield from _lost(table, begin, lines.taken, "quotation marks stand where none belong")
            continue
        if len(lines.taken) > 1 and _swallowed(cells, table):
            what = f"a quotation mark opened here is closed {len(lines.taken) - 1} lines later, behind whole rows"
            yield from _lost(table, begin, lines.taken, what)
        elif cells:
            yield TableRow(begin, cells)
        else:
            table.counts["empty"] += 1


def _pass_header(reader: Iterator[list[str]], table: Table) -> None:
    first = table.skipped + 1
    try:
        next(reader, None)
    except csv.Error as error:
        if "unexpected end" in str(error) or "larger than" in str(error):
            raise _never_closed(table, first, first) from None
        raise TendError(
            f"{table.source.name}, line {first}: the names of the columns cannot be read: quotation marks stand where "
            "none belong. Mend that line; nothing was written."
        ) from None


def _never_closed(table: Table, begin: int, last: int) -> TendError:
    return TendError(
        f"{table.source.name}: a quotation mark opened in line {begin} is not closed before line {last}, so "
        f"{last - begin} lines behind it would be lost. Close it or take it out; nothing was written."
    )


def _lost(table: Table, begin: int, taken: list[str], what: str) -> Iterator[TableRow]:
    """The lines of a record that cannot be read, cut at each delimiter, so that their orders can be named."""
    for number, line in enumerate(taken, start=begin):
        yield TableRow(number, line.rstrip("\r\n").split(table.delimiter), BadValue("line", what))


def _swallowed(cells: Sequence[str], table: Table) -> bool:
    """Whether a cell of several lines holds lines that look like rows."""
    least = max(1, len(table.header) - 1)
    return any(line.count(table.delimiter) >= least for cell in cells if "\n" in cell for line in cell.split("\n")[1:])


def _blank_rows(text: Iterable[str], table: Table) -> Iterator[TableRow]:
    number = table.skipped
    for number, line in enumerate(islice(text, table.skipped, None), start=table.skipped + 1):
        if table.named and number == table.skipped + 1:
            continue
        if cells := line.split():
            yield TableRow(number, cells)
        else:
            table.counts["empty"] += 1
    table.counts["lines"] = number


def _ready_rows(table: Table, on_bytes: OnBytes | None) -> Iterator[TableRow]:
    source = table.source
    found = json_records(source, table.header, on_bytes) if source.kind == "json" else sheet_records(source)
    number = 0
    for number, cells in found:
        if number > table.skipped + table.named:
            if _width(cells):
                yield TableRow(number, cells)
            else:
                table.counts["empty"] += 1
    table.counts["lines"] = number


def _fitted(rows: Iterable[TableRow], table: Table) -> Iterator[TableRow]:
    """Rows of the header's width; empty cells too many at the end go, headers that are repeated too."""
    width, first = len(table.header), table.header[0]
    for row in rows:
        cells = row.cells
        if row.problem is None and len(cells) != width:
            if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                row = TableRow(row.number, cells[:width])
            else:
                what = f"{len(cells)} fields; expected {width}" + (", as in the header" if table.named else "")
                row = TableRow(row.number, cells, BadValue("line", what))
        if table.named and cells[0].strip() == first and tuple(map(column_name, row.cells)) == table.header:
            table.counts["repeated headers"] += 1
            continue
        yield row
