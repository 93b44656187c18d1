"""What a rule may look at: one customer at one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from rules.calendar import zone_of
from rules.rulebook import Rulebook
from schemas.record import Complaint, Coupon, CustomerRecord, Order, OrderBook
from schemas.times import Millis
from schemas.triggers import Trigger

if TYPE_CHECKING:
    from schemas.events import AnyEvent


def _no_causes() -> tuple[str, ...]:
    return ()


class Churn(msgspec.Struct, frozen=True):
    """A churn score of this moment."""

    probability: float
    low: float
    high: float
    """Ends of the 90 % interval."""
    trusted: bool
    """Whether quality is good enough to act on without a person."""
    labels: int = 0
    """Matured lessons behind the score."""
    causes: Callable[[], tuple[str, ...]] = _no_causes
    """Its causes in words, the strongest first; only called where a rule tells them."""


class EventContext(msgspec.Struct):
    """One customer at the moment of one trigger."""

    record: CustomerRecord
    orders: OrderBook | None
    """The customer's order book where it was loaded."""
    trigger: Trigger
    event: AnyEvent | None
    """The event that triggered the rule, or None for a timer."""
    at: Millis
    """Time of the event or timer: what facts and occasions are told from."""
    acting: Millis
    """Time of acting: what quiet hours, caps and expiry are told from."""
    rulebook: Rulebook
    almanac: int
    """Epoch of the almanac in force; -2 before the first."""
    churn: Churn | None = None
    act_from: Millis = 0
    """Before this moment occasions are spent and nothing is done."""
    hops: int = 0
    """Receipts and actions in a row that led here."""

    @property
    def zone(self) -> str:
        """The customer's time zone, or the store's."""
        return zone_of(self.record.profile, self.rulebook.defaults)

    @property
    def subject(self) -> str:
        """What it is about: the trigger says it, or the event that triggered the rule."""
        return self.trigger.ref or self._told("complaint_id") or self._told("order_id") or self._told("cart_id")

    @property
    def order(self) -> Order | None:
        """The order that this is about, where the order book is at hand."""
        subject = self.trigger.ref or self._told("order_id")
        book = self.orders.orders if self.orders and subject else ()
        return next((order for order in reversed(book) if order.id == subject), None)

    @property
    def complaint(self) -> Complaint | None:
        """The complaint that this is about."""
        subject = self.trigger.ref or self._told("complaint_id")
        # Most events are about none, and who complains much has many: nothing is searched for nobody.
        return next((one for one in self.record.complaints.recent if one.id == subject), None) if subject else None

    @property
    def coupon(self) -> Coupon | None:
        """The coupon of ours that this is about."""
        return next((one for one in self.record.coupons if one.code == self.trigger.ref), None)

    def _told(self, field: str) -> str:
        return getattr(self.event, field, None) or ""
