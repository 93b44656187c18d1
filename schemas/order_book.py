"""The order book: what is known of each of a customer's latest orders, beside the record."""

from __future__ import annotations

from schemas.record import Spending
from schemas.record_part import RecordPart
from schemas.times import Millis

ORDERS_VERSION = 2
"""Raised when the layout changes; ``schemas.codec`` upgrades older ones on read."""
MAX_ORDERS = 48
"""Orders in the order book."""
MAX_PARCELS = 12
"""Parcels told apart per order; news of further ones is not applied."""
MAX_REFUNDS = 8
"""Refunds told apart per order; of further ones only the sum is kept."""
MAX_SPENT = 4
"""Times that points were spent on one order, told apart; of further ones only the sum is kept."""


class Refund(RecordPart):
    """Money of an order that goes back, and goods that came back for it. Told twice under one reference, it is one."""

    key: bytes
    """Hash of the refund's reference; of the event's id where it has none. A key alone stands for an exchange."""
    amount: int = 0
    goods: bool = False
    """Whether goods came back with it."""
    requested: Millis = 0
    paid: Millis = 0
    """When the money went out; 0 while it is only due."""
    withdrawn: Millis = 0
    """When it was said that it will not be paid."""

    @property
    def is_void(self) -> bool:
        """Whether it was withdrawn, and not paid since."""
        return self.withdrawn > max(self.requested, self.paid)

    @property
    def is_exchange(self) -> bool:
        """Whether goods were exchanged for others, and no money moved."""
        return not (self.amount or self.goods or self.requested or self.paid or self.withdrawn)


class OrderParcel(RecordPart):
    """One of several parcels of an order."""

    key: bytes
    """Hash of its number; empty for what was told of the whole order."""
    arrived: Millis = 0
    """0 while it is on its way."""


class Order(RecordPart):
    """One order in the order book: what was told of its goods and of its money, in whatever order it was told."""

    id: str
    placed: Millis = 0
    """0 while only later events of it have come."""
    amount: int = 0
    currency: str = ""
    status: str = "placed"
    """Of its goods: placed, dispatched, delivered, cancelled, or returned when all of it came back."""
    promised: Millis = 0
    delivered: Millis = 0
    points: int = 0
    """Points for what is paid and kept."""
    refunded: int = 0
    """Given back, or to be given back, in all."""
    late: bool = False
    """Its promise was broken: noticed while it was on its way, or when it was delivered."""
    changed: Millis = 0
    """Time of the latest event applied to it."""
    dispatched: Millis = 0
    cancelled: Millis = 0
    """When it was cancelled last; it is, where it was not restored since."""
    restored: Millis = 0
    refunds: list[Refund] = []
    """At most ``MAX_REFUNDS``."""
    more_refunded: int = 0
    """What further refunds came to."""
    earned: int = 0
    """Points for what was ordered."""
    amount_told: Millis = 0
    promise_told: Millis = 0
    exchanged: int = 0
    """How often goods of it were exchanged."""
    parcels: list[OrderParcel] = []
    """Where it comes in several: at most ``MAX_PARCELS``, beside the whole. Then ``delivered`` follows from them."""
    expected: int = 0
    """In how many parcels it comes, as far as told."""
    replaces: bool = False
    """Whether it brings what goods of another order were exchanged for: then it is no further purchase."""
    spent: list[Spending] = []
    """Points that were spent on it, at most ``MAX_SPENT``."""
    more_spent: int = 0
    """How many points were spent on it beyond those."""
    regained: int = 0
    """Of the points spent on it, those that came back."""

    @property
    def money(self) -> str:
        """The state of its money: paid, part_refunded or refunded."""
        if not self.refunded:
            return "paid"
        return "refunded" if self.is_paid_back else "part_refunded"

    @property
    def is_paid_back(self) -> bool:
        """Whether all of its money was given back."""
        return 0 < self.refunded >= self.amount

    @property
    def due(self) -> Millis:
        """When it is to be there by a promise that binds; 0 for none.

        A promise that had passed when the order was placed, or came back to life, was never one: it is a mistake of
        some system's, or of before the cancellation.
        """
        begun = max(self.placed, self.restored if self.cancelled else 0)
        return self.promised if self.promised > begun else 0

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled, and not restored since."""
        return self.cancelled > self.restored

    @property
    def came_back(self) -> bool:
        """Whether some of its goods came back."""
        return any(refund.goods and not refund.is_void for refund in self.refunds)

    @property
    def owed_since(self) -> Millis:
        """Since when the oldest refund that was asked for is not paid; 0 where none is owed."""
        owed = (one.requested for one in self.refunds if one.requested and not (one.paid or one.is_void))
        return min(owed, default=0)


class OrderBook(RecordPart):
    """The customer's latest orders, oldest first, at most ``MAX_ORDERS``; loaded only when needed.

    An order event whose order is not in the book and not later than ``reach`` may speak of a forgotten one: it is
    not applied, and counted.
    """

    version: int = ORDERS_VERSION
    orders: list[Order] = []
    reach: Millis = 0
