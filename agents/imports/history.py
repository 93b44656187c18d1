"""One import, from the file to the file."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from agents.imports.amounts import Amounts
from agents.imports.dates import Dates, order_of
from agents.imports.orders import orders_of
from agents.imports.problems import BadValue, LeftOut
from agents.imports.rows import AmountIs, OrderLine, Reading
from agents.imports.table import Table, open_table
from schemas.errors import TendError

OnBytes = Callable[[int], None]


@dataclass(frozen=True)
class Request:
    """What was asked for; columns by the option that names them."""

    path: Path
    columns: dict[str, str]
    """customer, time and amount; order, item, quantity, category, currency where there are such columns."""
    zone: tzinfo
    currency: str = ""
    date_format: str | None = None
    decimal: str = "."
    delimiter: str | None = None
    encoding: str = "utf-8-sig"
    amount_is: AmountIs = "line"


@dataclass(frozen=True)
class Imported:
    """What became of it."""

    rows: int
    orders: int
    left_out: LeftOut
    first: str
    """Time of the earliest order; empty where there is none."""
    last: str


def import_orders(request: Request, out: Path, on_bytes: OnBytes = lambda at: None) -> Imported:
    """Write the orders of a table as contract events, in the order of time, to ``out`` (``.gz`` packs it).

    Lines that cannot be understood are left out and written to ``out`` + ``.left-out.txt`` with number and problem.
    The result appears under its name only when it is complete, and holds an order at least.

    Raises:
        TendError: the file, a column, or the dates as a whole cannot be understood.
    """
    table = open_table(request.path, request.columns, request.delimiter, request.encoding)
    reading = _reading(request, table)
    part = out.with_name(out.name + ".part")
    with LeftOut(out.with_name(out.name + ".left-out.txt")) as left_out:
        counted = _Counted(table, reading, left_out, on_bytes)
        numbered = "order" in request.columns
        events = orders_of(counted.lines(), numbered=numbered, amount_is=request.amount_is, on_bad=left_out.add)
        try:
            orders, first, last = _write(part, out, events)
            if orders:
                os.replace(part, out)
        finally:
            part.unlink(missing_ok=True)
    return Imported(counted.rows, orders, left_out, first, last)


def _reading(request: Request, table: Table) -> Reading:
    order = None
    if request.date_format is None:
        times = ((number, row[table.places["time"]]) for number, row in table.rows(lambda number, problem: None))
        order = order_of(times)
    dates = Dates(request.zone, request.date_format, order)
    return Reading(dates, Amounts(request.decimal), request.currency, request.amount_is, table.places)


class _Counted:
    """The lines of a table; those that cannot be read go aside."""

    def __init__(self, table: Table, reading: Reading, left_out: LeftOut, on_bytes: OnBytes) -> None:
        self._table, self._reading, self._left_out, self._on_bytes = table, reading, left_out, on_bytes
        self.rows = 0

    def lines(self) -> Iterator[OrderLine]:
        """Those that can be read."""
        for number, row in self._table.rows(self._bad_row, self._on_bytes):
            self.rows += 1
            try:
                yield self._reading.line(number, row)
            except BadValue as problem:
                self._left_out.add(number, problem)

    def _bad_row(self, number: int, problem: BadValue) -> None:
        self.rows += 1
        self._left_out.add(number, problem)


def _write(part: Path, out: Path, events: Iterable[bytes]) -> tuple[int, str, str]:
    count, first, last = 0, b"", b""
    try:
        with _opened(part, out.suffix == ".gz") as file:
            for event in events:
                file.write(event)
                first, last = first or event, event
                count += 1
    except OSError as error:
        raise TendError(f"{out} cannot be written: {error}. Sorting also needs room in the temporary folder.") from None
    return count, _time(first), _time(last)


@contextmanager
def _opened(path: Path, packed: bool) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        if not packed:
            yield file
            return
        # Without name and time inside, the same orders give the same bytes.
        with gzip.GzipFile("", "wb", 3, file, mtime=0) as archive:
            yield cast("BinaryIO", archive)


def _time(event: bytes) -> str:
    _, _, rest = event.partition(b'"time":"')
    return rest[:24].decode()
