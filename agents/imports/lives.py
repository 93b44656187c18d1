"""Stage 5 goes on: what only shows when a customer's orders stand beside each other.

Credit notes find the purchase that they give back; details of the customer are told once, and when they change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import orjson

from agents.imports.orders import ImportedOrder, LaterChange, order_of, plain
from agents.replay.sorting import sorted_lines

_SHIFT: Final = 10**15
"""Makes every time positive, so that digits sort as numbers do."""
_OPEN: Final = 5_000
"""Articles of a customer that may still be given back; older ones are past any return."""
OnMeant = Callable[[int, str, str], None]


def side_by_side(orders: Iterable[ImportedOrder], on_meant: OnMeant) -> Iterator[ImportedOrder]:
    """The orders by customer; returns are found to them, and contact stays on those that tell something new.

    Args:
        orders: in any order.
        on_meant: told the place, reason and number of credit notes that give back what is not in the file.
    """
    customer, life = "", _Life(on_meant)
    for line in sorted_lines(map(_packed, orders)):
        order = _unpacked(line)
        if order.customer != customer:
            yield from life.orders()
            customer, life = order.customer, _Life(on_meant)
        yield from life.meet(order)
    yield from life.orders()


class _Life:
    """One customer's orders in the order of time; those that can no longer change go on at once."""

    def __init__(self, on_meant: OnMeant) -> None:
        self._on_meant = on_meant
        self._contact: dict[str, Any] = {}
        self._orders: deque[tuple[ImportedOrder, list[_Left]]] = deque()
        self._articles = 0

    def meet(self, order: ImportedOrder) -> Iterator[ImportedOrder]:
        if order.credit:
            self._give_back(order)
            return
        if order.contact and order.contact != self._contact:
            self._contact = self._contact | order.contact
        else:
            order = order._replace(contact={})
        left = [_Left(item["sku"], item["price"]) for item in order.items] or [_Left("", order.amount)]
        self._orders.append((order, left))
        self._articles += len(left)
        while self._articles > _OPEN and len(self._orders) > 1:
            oldest, articles = self._orders.popleft()
            self._articles -= len(articles)
            yield oldest

    def orders(self) -> Iterator[ImportedOrder]:
        for order, _ in self._orders:
            yield order

    def _give_back(self, note: ImportedOrder) -> None:
        rest = note.amount
        for article in note.items:
            for at in range(len(self._orders) - 1, -1, -1):
                taken = self._taken(at, note, article["sku"], min(article["back"], rest))
                article["back"] -= taken
                rest -= taken
                if not min(article["back"], rest):
                    break
        if rest:
            self._on_meant(note.where, f"gives back {note.currency} what was not bought in the file", note.order)

    def _taken(self, at: int, note: ImportedOrder, sku: str, wanted: int) -> int:
        """What an order gives of what is to be given back."""
        order, articles = self._orders[at]
        undone = any(later.kind == "order.cancelled" for later in order.later)
        if order.currency != note.currency or undone or not wanted:
            return 0
        taken = 0
        for article in articles:
            if article.sku == sku and taken < wanted:
                part = min(article.amount, wanted - taken, order.amount - _returned(order) - taken)
                article.amount -= part
                taken += part
        if taken:
            later = [*order.later, LaterChange("order.returned", max(order.time, note.time), taken)]
            self._orders[at] = (order._replace(later=later), articles)
        return taken


class _Left:
    """What is left of an article that was bought."""

    __slots__ = ("amount", "sku")

    def __init__(self, sku: str, amount: int) -> None:
        self.sku, self.amount = sku, amount


def _returned(order: ImportedOrder) -> int:
    return sum(later.amount for later in order.later)


def _packed(order: ImportedOrder) -> bytes:
    head = f"{order.customer}\t{order.time + _SHIFT:017d}\t{order.where:016d}\t"
    return head.encode() + orjson.dumps(plain(order), option=orjson.OPT_APPEND_NEWLINE)


def _unpacked(line: bytes) -> ImportedOrder:
    return order_of(orjson.loads(line.split(b"\t", 3)[3]))
