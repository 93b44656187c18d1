"""Orders of a file: whole, understood to be none, or left out; and their rows while they are sorted on disk."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from agents.imports.problems import BadValue
from agents.imports.rows import OrderLine, OrderRow
from schemas.times import Millis


class LaterChange(NamedTuple):
    """Something that happened to an order after it was placed.

    ``order.returned`` is goods that came back and their money with them; ``refund.paid`` is money alone.
    """

    kind: str
    time: Millis
    amount: int = 0


class ImportedOrder(NamedTuple):
    """An order, whole; a credit note is one too, with what it gives back."""

    time: Millis
    customer: str
    order: str
    amount: int
    currency: str
    items: list[dict[str, Any]]
    coupons: list[str]
    promised: Millis | None
    later: list[LaterChange]
    contact: dict[str, Any]
    """Name, addresses and consent, as far as the row tells them."""
    credit: bool
    where: int


def plain(order: ImportedOrder) -> tuple[Any, ...]:
    """An order as JSON can carry it."""
    return tuple(order._replace(later=[tuple(later) for later in order.later]))  # type: ignore[misc]  # not yet Later


def order_of(fields: list[Any]) -> ImportedOrder:
    """An order from what JSON makes of it."""
    order = ImportedOrder(*fields)
    return order._replace(later=[LaterChange(*later) for later in order.later])


class Meant(NamedTuple):
    """Rows that are understood and mean no order."""

    reason: str
    where: int
    order: str
    rows: int


class UnreadableOrder(NamedTuple):
    """An order that is left out whole."""

    where: int
    order: str
    rows: int
    """Those of it that can be read by themselves."""
    problem: BadValue
    by_row: bool = False
    """Whether one of its rows cannot be read, which was said with the row; else its rows contradict each other."""


def packed(row: OrderRow) -> bytes:
    """A row as a line that sorts by its order's number, then by its place in the file."""
    head = f"{row.order}\t{row.where:016d}\t"
    return head.encode() + orjson.dumps((row.facts, tuple(row.line), row.problem), option=orjson.OPT_APPEND_NEWLINE)


def unpacked(line: bytes) -> OrderRow:
    """The row that was packed into this line."""
    order, where, rest = line.split(b"\t", 2)
    facts, own, problem = orjson.loads(rest)
    return OrderRow(int(where), order.decode(), facts, OrderLine(*own), problem)
