"""Builders for tests of the core: a customer's life, told event by event.

Given a ``Life``, when things ``happen`` and time goes ``until``, then the customer's record, what rules heard of and
what came out can be looked at. Nothing is mocked: events are checked by the contract, timers fire as in a lane.
"""

from __future__ import annotations

from collections.abc import Coroutine
from copy import copy
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast

import orjson
from msgspec.structs import replace

from rules.context import LaneContext
from rules.loading import load_rulebook
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.almanac import NONE_YET, Almanac
from schemas.churn import Tick
from schemas.codec import encode_orders, encode_record
from schemas.events import AnyEvent, decode_event
from schemas.ids import hash64
from schemas.lane import KafkaRecord
from schemas.order_book import Order, OrderBook
from schemas.outcome import Outcome
from schemas.outcome_codes import OutcomeCode
from schemas.record import CustomerRecord, Seen, TimerKind
from schemas.signing import Signing
from schemas.timers import timer_due
from schemas.times import DAY, HOUR, MINUTE, Millis, to_millis, to_rfc3339
from schemas.topics import TOPIC_OF
from streams.churn import initial_state
from streams.customer import Customer
from streams.ingest import Arrival
from streams.pipeline import fire_timers, handle, new_customer

START: Millis = to_millis(datetime(2026, 3, 2, 12, tzinfo=UTC))
"""A Monday at noon."""
WHO = "c-1"
Result = TypeVar("Result")


def when(days: float = 0, hours: float = 0, minutes: float = 0) -> Millis:
    """A moment after the start."""
    return START + round(days * DAY + hours * HOUR + minutes * MINUTE)


def event(kind: str, /, at: Millis = START, *, who: str = WHO, **fields: Any) -> AnyEvent:
    """An event of the contract; without an ``id`` it gets one from all that it says."""
    told = {"type": kind, "customer": who, "time": to_rfc3339(at), **fields}
    return decode_event(orjson.dumps({"id": f"{kind}-{hash64(repr(told)):x}", **told}))


def arrived(event: AnyEvent, offset: int = 0, *, topic: str = "", body: bytes = b"{}") -> Arrival:
    """An event at the door of its lane; its record need not say the same."""
    raw = KafkaRecord(topic or TOPIC_OF[event.type], 0, offset, event.at, event.customer.encode(), body)
    return Arrival(event, event.at, raw)


def placed(at: Millis = START, order_id: str = "o-1", amount: int = 5_000, **fields: Any) -> AnyEvent:
    """An order; ``promised`` in milliseconds."""
    promised = fields.pop("promised", None)
    if promised is not None:
        fields["promised_at"] = to_rfc3339(promised)
    return event("order.placed", at, order_id=order_id, amount=amount, **{"currency": "EUR", **fields})


def added(at: Millis = START, cart_id: str = "k-1", price: int = 1_000, **fields: Any) -> AnyEvent:
    """Something is put into a cart."""
    return event("cart.item_added", at, cart_id=cart_id, price=price, **{"sku": "s-1", "currency": "EUR", **fields})


def complained(at: Millis = START, complaint_id: str = "p-1", **fields: Any) -> AnyEvent:
    """A complaint about a delivery."""
    return event("complaint.opened", at, complaint_id=complaint_id, **{"category": "delivery", **fields})


class Listening(Rulebook):
    """The shipped numbers without rules; it hears what would wake a rule."""

    heard: list[str]

    def triggered_by(self, trigger: str) -> tuple[Rule, ...]:
        """Nothing is woken, but it was heard."""
        self.heard.append(trigger)
        return ()


def listening() -> Listening:
    """Numbers as shipped, nothing heard yet."""
    fresh = copy(_numbers())
    fresh.__class__ = Listening
    assert isinstance(fresh, Listening)
    fresh.heard = []
    return fresh


@cache
def _numbers() -> Rulebook:
    return load_rulebook()


def lane_context(rulebook: Rulebook | None = None, **changes: Any) -> LaneContext:
    """The shipped rulebook, an almanac that knows nothing yet, a horizon of four weeks, ticks on Mondays at 0:00."""
    known = Almanac(version=1, epoch=NONE_YET, partitions=1, churn=initial_state((28,)))
    tick = Tick(origin=to_millis(datetime(2026, 1, 5, tzinfo=UTC)))
    usual = {"rulebook": rulebook or listening(), "almanac": known, "horizons": (28,), "tick": tick}
    return LaneContext(**{**usual, **changes})


class Life:
    """One customer, as a lane would treat them."""

    def __init__(self, around: LaneContext | None = None, who: str = WHO, since: Millis = START) -> None:
        self.lane = around or lane_context(listening())
        self.customer: Customer = new_customer(who, since, self.lane)

    @property
    def record(self) -> CustomerRecord:
        return self.customer.record

    @property
    def book(self) -> OrderBook:
        return self.customer.orders or OrderBook()

    @property
    def heard(self) -> list[str]:
        """What would have woken rules, since it was asked last."""
        rulebook = self.lane.rulebook
        assert isinstance(rulebook, Listening), "this life is decided by rules: look at its outcomes"
        heard, rulebook.heard = rulebook.heard, []
        return heard

    def order(self, order_id: str = "o-1") -> Order:
        return next(order for order in self.book.orders if order.id == order_id)

    def due(self, kind: TimerKind, ref: str = "") -> Millis | None:
        return timer_due(self.record, kind, ref)

    def happens(self, *events: AnyEvent) -> Outcome:
        """Events, each after the timers that were due before it. What comes out of all of them."""
        total = Outcome()
        for one in events:
            add(total, fire_timers(self.customer, one.at, self.lane))
            add(total, handle(self.customer, one, self.lane, one.at))
        # These lives begin where they please: that nobody registered first is of no interest here.
        total.codes.pop(OutcomeCode.NEW_CUSTOMER, None)
        return total

    def until(self, moment: Millis) -> Outcome:
        """Time passes and timers ring."""
        return fire_timers(self.customer, moment, self.lane)

    def stored(self) -> tuple[bytes, bytes]:
        """Record and order book as they would be stored."""
        return encode_record(self.record), encode_orders(self.book)

    def facts(self) -> tuple[bytes, bytes]:
        """The same without the ids of events applied."""
        bare = replace(self.record, recent=Seen(), browsed=Seen())
        return encode_record(bare), encode_orders(self.book)


def add(total: Outcome, more: Outcome) -> None:
    """Put outcomes together."""
    total.actions += more.actions
    total.decisions += more.decisions
    total.moves += more.moves
    total.lessons += more.lessons
    total.passed += more.passed
    for mine, other in ((total.counts, more.counts), (total.codes, more.codes)):
        for key, value in other.items():
            mine[key] = mine.get(key, 0) + value


def at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast(Result, end.value)
    work.close()
    raise AssertionError("it waits for something")


SIGNING = Signing(b"a key of sixteen bytes or more")
"""The key of the installation that tests are."""
