"""What the parts of the core hand to each other while one event or timer of one customer is handled."""

from __future__ import annotations

import msgspec

from rules.context import Churn
from rules.defaults import Defaults
from rules.rulebook import Rulebook
from schemas.almanac import Almanac
from schemas.churn import Days, Tick
from schemas.events import AnyEvent
from schemas.outcome import Fact, Outcome
from schemas.record import CustomerRecord, OrderBook
from schemas.times import WEEK, Millis
from schemas.triggers import Trigger
from streams.outcome_codes import OutcomeCode, count_outcome

CATCH_UP: Millis = 4 * WEEK
"""In service, timers that return by the calendar are made up for this far back."""


class Customer(msgspec.Struct):
    """What is kept of one customer. Both parts are changed in place."""

    record: CustomerRecord
    orders: OrderBook | None = None
    """Loaded only where ``needs_orders`` asks for it, and for the timers that are due."""


class LaneContext(msgspec.Struct):
    """What is the same for all customers of a batch."""

    rulebook: Rulebook
    almanac: Almanac
    horizons: tuple[Days, ...]
    """Churn horizons, in days; rules see the first."""
    tick: Tick
    act_from: Millis = 0
    """Before this moment no rule is decided."""
    clock: str = "event"
    """Whose time acting takes: ``wall`` (service) or ``event`` (replay)."""


class EventContext:
    """What the parts of the core hand to each other while one event or ring is applied."""

    __slots__ = (
        "acting",
        "at",
        "churn",
        "defaults",
        "event",
        "lane",
        "orders",
        "outcome",
        "record",
        "scored",
        "triggers",
    )

    def __init__(
        self,
        customer: Customer,
        lane: LaneContext,
        at: Millis,
        acting: Millis,
        event: AnyEvent | None,
        outcome: Outcome,
    ) -> None:
        self.record: CustomerRecord = customer.record
        self.orders: OrderBook | None = customer.orders
        self.lane: LaneContext = lane
        self.defaults: Defaults = lane.rulebook.defaults
        self.at: Millis = at
        """The moment at which it is applied: never before what the customer has already seen."""
        self.acting: Millis = acting
        self.event: AnyEvent | None = event
        self.outcome: Outcome = outcome
        self.churn: Churn | None = None
        """What was scored for this event."""
        self.scored = ""
        """The order or tick at which it was scored."""
        self.triggers: list[Trigger] = []
        """What rules are triggered by, in this order."""

    @property
    def catching_up(self) -> Millis:
        """The moment after which what returns by the calendar is set: in service never long before the clock.

        A first event of years ago, or a store that was away for months, costs no more than a recent one: of the weeks,
        birthdays and festivals since only the last few are lived through; the others were over before anybody could
        act.
        """
        return max(self.at, self.acting - CATCH_UP)

    def notice(self, name: str, ref: str = "", **data: Fact) -> None:
        """Add a trigger for rules."""
        self.triggers.append(Trigger(name, ref, data))

    def count(self, what: OutcomeCode, times: int = 1) -> None:
        """Count a named outcome."""
        count_outcome(self.outcome, what, times)
