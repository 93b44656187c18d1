"""One import of orders, from the files to the file: the stages in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

from agents.imports.cells import bare, identity
from agents.imports.conventions import prove
from agents.imports.events import admitted, in_time_order, numbered_lines, told_orders
from agents.imports.gathering import Gathering
from agents.imports.imported import Imported, judged, time_of
from agents.imports.lives import side_by_side
from agents.imports.opening import OnBytes
from agents.imports.orders import ImportedOrder, Meant, UnreadableOrder, packed, unpacked
from agents.imports.output import IdMap, written_whole
from agents.imports.presets import Layout
from agents.imports.problems import BadValue, RejectedRows
from agents.imports.request import Request, tables_of
from agents.imports.rows import OrderRow, RowReader, RowReading
from agents.imports.table import Table
from agents.replay.sorting import sorted_lines
from schemas.errors import TendError


def import_orders(request: Request, out: Path, on_bytes: OnBytes = lambda at: None) -> Imported:
    """Write the orders of a shop's export as contract events, in the order of time, to ``out`` (``.gz`` packs it).

    What does not become an event is written to ``out`` + ``.left-out.txt`` with number and reason; ids that differ
    from what the shop calls a customer to ``out`` + ``.ids.csv``. The result appears under its name only when it is
    whole, holds an order, and not too many rows could not be read.

    Raises:
        TendError: the files, a column, or dates and amounts as a whole cannot be understood.
    """
    request.require_other(out)
    parts, remarks = tables_of(request)
    if not request.currency and not any("currency" in layout.columns for _, layout in parts):
        raise TendError("Nothing says in which currency the amounts are: --currency EUR, or --currency-column COL.")
    with (
        RejectedRows(out.with_name(out.name + ".left-out.txt")) as left_out,
        IdMap(out.with_name(out.name + ".ids.csv")) as ids,
    ):
        run = _Run(request, parts, Imported(out, left_out, ids, remarks=remarks))
        run.write(on_bytes)
        return run.found


class _Run:
    """The stages of one import, each fed by the one before."""

    def __init__(self, request: Request, parts: Sequence[tuple[Table, Layout]], found: Imported) -> None:
        self.found = found
        self._request, self._parts = request, parts
        self._orders = [(table, layout) for table, layout in parts if not layout.looks_up]
        self._numbered = any("order" in layout.columns for _, layout in self._orders)
        self._whole = any(layout.amount_is == "order" for _, layout in self._orders)
        self._told_contact = any("email" in one.columns or "phone" in one.columns for _, one in self._orders)

    def write(self, on_bytes: OnBytes) -> None:
        conventions = prove(self._orders, self._request.told, on_bytes)
        request = self._request
        reading = RowReading(
            conventions, self._customer_of, request.told.statuses, request.currency, request.country, self._lookups(),
            request.test_items, request.no_items,
        )  # fmt: skip
        orders = side_by_side(self._gathered(self._rows(reading, on_bytes)), self._meant)
        if not self._numbered:
            orders = numbered_lines(orders)
        told = in_time_order(told_orders(self._totalled(orders)))
        with judged(self.found), written_whole(self.found.out) as file:
            for event in admitted(told, "import:orders", request.keys, self.found.events):
                file.write(event)
                self.found.first, self.found.last = self.found.first or time_of(event), time_of(event)
            self.found.judge(request.max_bad, self.found.orders, "order")
        self.found.ids.write()
        repeated = sum(table.counts["repeated headers"] for table, _ in self._orders)
        if repeated:
            self.found.remarks.append(f"the header stands {repeated:,} more times between rows; those were passed over")

    def _customer_of(self, given: str) -> str:
        mapped = self._request.keys.customer_of(given)
        self.found.ids.note(given, mapped)
        return mapped

    def _lookups(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for table, layout in self._parts:
            if layout.looks_up:
                key, value = (table.header.index(layout.columns[name][0]) for name in ("key", "value"))
                rows = (row.cells for row in table.rows() if row.problem is None)
                found.setdefault(layout.looks_up, {}).update(
                    (identity("key", bare(cells[key])), bare(cells[value])) for cells in rows
                )
        return found

    def _rows(self, reading: RowReading, on_bytes: OnBytes) -> Iterator[OrderRow]:
        for index, (table, layout) in enumerate(self._orders):
            reader = RowReader(table.header, layout, reading, index)
            for row in islice(table.rows(on_bytes), self._request.limit):
                self.found.rows += 1
                yield reader.read(row)
            self.found.lines += table.counts["lines"]

    def _gathered(self, rows: Iterable[OrderRow]) -> Iterator[ImportedOrder]:
        """Whole orders; what is none is written down."""
        groups: Iterable[tuple[str, Iterable[OrderRow]]]
        if self._numbered:
            lines = map(unpacked, sorted_lines(map(packed, self._nameable(rows))))
            groups = groupby(lines, key=lambda row: row.order)
        else:
            groups = (("", (row,)) for row in self._nameable(rows))
        for _, group in groups:
            order = self._order(iter(group))
            if isinstance(order, ImportedOrder):
                yield order
            elif isinstance(order, Meant):
                self._meant(order.where, order.reason, order.order)
            else:
                self._unreadable(order)

    def _nameable(self, rows: Iterable[OrderRow]) -> Iterator[OrderRow]:
        """Rows that name their order; what cannot be read is written down at once, each row by itself."""
        for row in rows:
            if row.problem:
                self.found.left_out.add(self._place(row.where), BadValue(*row.problem.split(": ", 1)))
            if not row.problem or row.order:
                yield row

    def _order(self, rows: Iterator[OrderRow]) -> ImportedOrder | Meant | UnreadableOrder:
        request = self._request
        gathering = Gathering(
            next(rows), numbered=self._numbered, whole=self._whole, currency=request.currency, country=request.country
        )
        for row in rows:
            gathering.add(row)
        return gathering.finish()

    def _meant(self, where: int, reason: str, order: str) -> None:
        self.found.left_out.leave(self._place(where), reason, f"order {order}" if order else "")

    def _unreadable(self, order: UnreadableOrder) -> None:
        if not order.rows:
            return
        problem, rows = order.problem, f"{order.rows} row{'s' if order.rows > 1 else ''}"
        if order.by_row:
            problem = BadValue("order", f"order {order.order} is left out whole with {rows} that can be read")
        elif order.rows > 1:
            whole = f"{str(problem).partition(': ')[2]} (order {order.order} is left out whole, {rows})"
            problem = BadValue(problem.field, whole)
        self.found.left_out.add(self._place(order.where), problem, order.rows)

    def _place(self, where: int) -> str:
        table = self._orders[where >> 40][0]
        number = f"{'row' if table.source.kind == 'sheet' else 'line'} {where & ((1 << 40) - 1)}"
        return f"{table.source.name} {number}" if len(self._orders) > 1 else number

    def _totalled(self, orders: Iterable[ImportedOrder]) -> Iterator[ImportedOrder]:
        for order in orders:
            self.found.orders += 1
            totals = self.found.totals.setdefault(order.currency, Counter())
            totals["placed"] += order.amount
            if any(later.kind == "order.cancelled" for later in order.later):
                totals["cancelled"] += order.amount
            else:
                totals["paid back"] += sum(later.amount for later in order.later)
            yield order
