"""One customer at one event or timer: what handlers change, facts read, rules decide on and limits weigh."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Final, Self

import msgspec

from rules.calendar import zone_of
from rules.defaults import Defaults
from rules.rulebook import Rulebook
from schemas.almanac import NONE_YET, VERSION, Almanac
from schemas.churn import ChurnState, Days, Tick
from schemas.complaint_list import Complaint
from schemas.events import AnyEvent
from schemas.given_out import Coupon
from schemas.order_book import Order, OrderBook
from schemas.outcome import Fact, Outcome
from schemas.outcome_codes import OutcomeCode, count_outcome
from schemas.record import CustomerRecord
from schemas.times import WEEK, Millis
from schemas.topics import RECEIPTS, TOPIC_OF
from schemas.triggers import Trigger

CATCH_UP: Final[Millis] = 4 * WEEK
"""In service, timers that return by the calendar are made up for this far back."""
_NO_TRIGGER: Final = Trigger("")


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


class LaneContext(msgspec.Struct):
    """What is in force for all customers of a lane."""

    rulebook: Rulebook
    almanac: Almanac
    horizons: tuple[Days, ...]
    """Churn horizons, in days; rules see the first."""
    tick: Tick
    act_from: Millis = 0
    """Before this moment occasions are settled and no action is given out."""
    coupon_key: bytes = b""
    """Secret behind coupon codes, at most 64 bytes; without it who knows ids and rules can compute them."""
    clock: str = "event"
    """Whose time acting takes: ``wall`` (service) or ``event`` (replay)."""

    @classmethod
    def without_churn(cls, rulebook: Rulebook, epoch: int = NONE_YET, act_from: Millis = 0) -> Self:
        """Of this rulebook alone: for samples of what rules say, and for tests of them."""
        almanac = Almanac(VERSION, epoch, 1, ChurnState(features_version=0, horizons=[]))
        return cls(rulebook, almanac, (), Tick(), act_from)


class EventContext(msgspec.Struct):
    """One customer at the moment of one event or timer."""

    record: CustomerRecord
    orders: OrderBook | None
    """The customer's order book where it was loaded."""
    lane: LaneContext
    at: Millis
    """Time of the event or timer, never before what the customer has seen: what facts and occasions are told from."""
    acting: Millis
    """Time of acting: what quiet hours, caps and expiry are told from."""
    event: AnyEvent | None = None
    """None for a timer."""
    trigger: Trigger = _NO_TRIGGER
    """What rules are evaluated for; see ``about``."""
    churn: Churn | None = None
    """The score of this moment, else what was last known."""
    scored: str = ""
    """The order or tick at which churn was scored, where it was."""
    triggers: list[Trigger] = msgspec.field(default_factory=list)
    """What rules are triggered by, in this order."""
    outcome: Outcome = msgspec.field(default_factory=Outcome)
    """What this leads to, beside the record."""

    def about(self, trigger: Trigger) -> EventContext:
        """The same moment, seen by the rules of one trigger."""
        context = copy(self)
        context.trigger = trigger
        return context

    def notice(self, name: str, ref: str = "", **data: Fact) -> None:
        """Add a trigger for rules."""
        self.triggers.append(Trigger(name, ref, data))

    def count(self, code: OutcomeCode, times: int = 1) -> None:
        """Count an outcome code."""
        count_outcome(self.outcome, code, times)

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook in force."""
        return self.lane.rulebook

    @property
    def defaults(self) -> Defaults:
        """The numbers of the rulebook in force."""
        return self.lane.rulebook.defaults

    @property
    def almanac(self) -> int:
        """Epoch of the almanac in force; -2 before the first."""
        return self.lane.almanac.epoch

    @property
    def catching_up(self) -> Millis:
        """The moment after which what returns by the calendar is set: in service never long before the clock.

        A first event of years ago, or a store that was away for months, costs no more than a recent one: of the weeks,
        birthdays and festivals since only the last few are lived through; the others were over before anybody could
        act.
        """
        return max(self.at, self.acting - CATCH_UP)

    @property
    def zone(self) -> str:
        """The customer's time zone, or the store's."""
        return zone_of(self.record.profile, self.defaults)

    @property
    def hops(self) -> int:
        """Receipts and actions in a row that led here."""
        event = self.event
        return getattr(event, "hops", 0) if event is not None and TOPIC_OF[event.type] == RECEIPTS else 0

    @property
    def subject(self) -> str:
        """What it is about: the trigger says it, or the event that triggered the rules."""
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
