"""Stage 2, table: every row of a source with its number, readable or not."""

from __future__ import annotations

import csv
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
            if width_of(cells):
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


def column_name(cell: str) -> str:
    """A name without byte-order mark, formula dressing, and line breaks."""
    return " ".join(cell.replace("\ufeff", "").strip().removeprefix("=").strip('"').split())


def width_of(cells: Sequence[str]) -> int:
    """Cells without empty ones at the end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width
