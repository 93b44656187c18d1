"""A CSV file as numbered rows of the columns that are asked for."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agents.imports.problems import BadValue
from schemas.errors import TendError

_DELIMITERS = (",", ";", "\t", "|")
_BUFFER = 1 << 20

OnBad = Callable[[int, BadValue], None]


@dataclass(frozen=True)
class Table:
    """Where the wanted columns stand in a file."""

    path: Path
    encoding: str
    delimiter: str
    width: int
    places: dict[str, int]
    """Wanted column to its place; told apart by the option that asked for it."""

    def rows(self, on_bad: OnBad, on_bytes: Callable[[int], None] = lambda at: None) -> Iterator[tuple[int, list[str]]]:
        """Rows with the number of the line where each begins; rows of another width go to ``on_bad``."""
        with _opened(self.path, self.encoding) as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader)
            begin = reader.line_num + 1
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    on_bad(begin, BadValue("line", f"{error}; is a quotation mark left open?"))
                    row = []
                if len(row) == self.width:
                    yield begin, row
                elif row:
                    on_bad(begin, BadValue("line", f"{len(row)} fields; expected {self.width}, as in the first line"))
                begin = reader.line_num + 1
                if not begin & 0x3FFF:
                    on_bytes(file.buffer.tell())  # type: ignore[attr-defined]  # open() in text mode has one


def open_table(path: Path, wanted: dict[str, str], delimiter: str | None, encoding: str) -> Table:
    """Find the wanted columns (option to column name) in the first line; the delimiter is the one that has them.

    Raises:
        TendError: the file cannot be read, or a column is not there; the message names those that are.
    """
    try:
        with _opened(path, encoding) as file:
            first = file.readline(_BUFFER)
    except (OSError, UnicodeError, LookupError) as error:
        raise TendError(
            f"{path} cannot be read as {encoding}: {error}. Another encoding is told by --encoding."
        ) from None
    headers = {sign: _header(first, sign) for sign in ([delimiter] if delimiter else _DELIMITERS)}
    for sign, header in headers.items():
        places = {option: _place(header, column) for option, column in wanted.items()}
        found = {option: place for option, place in places.items() if place is not None}
        if len(found) == len(wanted):
            return Table(path, encoding, sign, len(header), found)
    raise TendError(_missing(path, wanted, max(headers.values(), key=len)))


def _header(line: str, sign: str) -> list[str]:
    return [column.strip() for column in next(csv.reader([line], delimiter=sign), [])]


def _place(header: Sequence[str], column: str) -> int | None:
    if header.count(column) == 1:
        return header.index(column)
    lower = [name.lower() for name in header]
    return lower.index(column.lower()) if lower.count(column.lower()) == 1 else None


def _missing(path: Path, wanted: dict[str, str], header: Sequence[str]) -> str:
    for option, column in wanted.items():
        if _place(header, column) is None:
            many = "stands more than once" if header.count(column) > 1 else "is not there"
            near = difflib.get_close_matches(column, header, 1)
            meant = f" Is {near[0]!r} meant?" if near else ""
            return (
                f"{path}: the column {column!r} of {option} {many}.{meant} The first line has: {', '.join(header)}. "
                "Columns are told apart by --delimiter, where it is none of , ; tab |."
            )
    return f"{path}: the columns were not found."


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    # Bytes that are no text stay visible in the field they stand in, and only that line is lost.
    with path.open("r", encoding=encoding, errors="surrogateescape", newline="", buffering=_BUFFER) as file:
        yield file
