"""From lines to orders, by two sorts on disk: by order number, then by time. Memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Final

import orjson

from agents.imports.problems import BadValue
from agents.imports.rows import AmountIs, OrderLine
from agents.replay.sorting import sorted_lines
from schemas.ids import digest
from schemas.times import to_rfc3339

OnBad = Callable[[int, BadValue], None]

_SHIFT: Final = 10**15
"""Makes every time positive, so that digits sort as numbers do."""
_MOST_ITEMS: Final = 200


def orders_of(lines: Iterable[OrderLine], *, numbered: bool, amount_is: AmountIs, on_bad: OnBad) -> Iterator[bytes]:
    """The orders as JSON lines of the contract, in the order of time.

    Args:
        lines: in any order.
        numbered: lines carry an order number and are gathered by it, wherever they stand; else each is an order.
        amount_is: ``order`` where the amount of the whole order stands on each of its lines.
        on_bad: told of lines that do not fit the order they name.
    """
    drafts = _gathered(lines, amount_is, on_bad) if numbered else map(_alone, lines)
    seen, times_seen = "", 0
    for draft in sorted_lines(drafts):
        time, key, fields = draft.decode().split("\t", 2)
        # Two equal lines are two orders, not one told twice: the second gets an id of its own.
        times_seen = times_seen + 1 if time + key == seen else 1
        seen = time + key
        yield _event(int(time) - _SHIFT, key, times_seen, orjson.loads(fields))


def _gathered(lines: Iterable[OrderLine], amount_is: AmountIs, on_bad: OnBad) -> Iterator[bytes]:
    packed = sorted_lines(map(_packed, lines))
    for _, group in groupby(packed, key=lambda line: line.split(b"\t", 1)[0]):
        order = _Order(_unpacked(next(group)), amount_is)
        for line in map(_unpacked, group):
            try:
                order.add(line)
            except BadValue as problem:
                on_bad(line.number, problem)
        try:
            yield order.draft()
        except BadValue as problem:
            on_bad(order.first.number, problem)


class _Order:
    """An order while its lines come in; bounded, however many there are."""

    def __init__(self, first: OrderLine, amount_is: AmountIs) -> None:
        self.first = first
        self._whole = amount_is == "order"
        self._time, self._amount = first.time, first.amount
        self._items = [first.item] if first.item else []

    def add(self, line: OrderLine) -> None:
        """One more line.

        Raises:
            BadValue: it contradicts the first.
        """
        first, told = self.first, f"order {line.order} (line {self.first.number})"
        if line.customer != first.customer:
            raise BadValue("customer", f"{line.customer} differs from {first.customer} of {told}")
        if line.currency != first.currency:
            raise BadValue("currency", f"{line.currency} differs from {first.currency} of {told}")
        if self._whole and line.amount != first.amount:
            raise BadValue("amount", f"differs from that of {told}, though --amount-is order")
        self._amount += 0 if self._whole else line.amount
        self._time = min(self._time, line.time)
        if line.item and len(self._items) < _MOST_ITEMS:
            self._items.append(line.item)

    def draft(self) -> bytes:
        """The whole order.

        Raises:
            BadValue: it comes to less than nothing.
        """
        if self._amount < 0:
            raise BadValue("amount", f"order {self.first.order} comes to less than nothing: a refund is no order")
        return _draft(self._time, "", self.first, self._amount, self._items)


def _alone(line: OrderLine) -> bytes:
    sku = line.item["sku"] if line.item else ""
    key = digest(line.customer, str(line.time), str(line.amount), line.currency, sku, size=12).hex()
    return _draft(line.time, key, line, line.amount, [line.item] if line.item else [])


def _draft(time: int, key: str, line: OrderLine, amount: int, items: list[dict[str, Any]]) -> bytes:
    fields: dict[str, Any] = {"customer": line.customer, "order_id": line.order, "amount": amount}
    fields["currency"] = line.currency
    if items:
        fields["items"] = items
    # The order number follows the time, so that orders of one moment always come in the same order.
    head = f"{time + _SHIFT:017d}\t{key or line.order}\t"
    return head.encode() + orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def _event(time: int, key: str, times_seen: int, fields: dict[str, Any]) -> bytes:
    order = fields["order_id"] or (f"l-{key}" if times_seen == 1 else f"l-{key}-{times_seen}")
    event = {"id": f"i-{digest(order, size=16).hex()}", "type": "order.placed", "version": 1, "time": to_rfc3339(time)}
    return orjson.dumps({**event, **fields, "order_id": order}, option=orjson.OPT_APPEND_NEWLINE)


def _packed(line: OrderLine) -> bytes:
    head = f"{line.order}\t{line.number:012d}\t"
    rest = (line.time, line.customer, line.amount, line.currency, line.item)
    return head.encode() + orjson.dumps(rest, option=orjson.OPT_APPEND_NEWLINE)


def _unpacked(line: bytes) -> OrderLine:
    order, number, rest = line.split(b"\t", 2)
    time, customer, amount, currency, item = orjson.loads(rest)
    return OrderLine(int(number), time, customer, order.decode(), amount, currency, item)
