"""What the core leaves undone could have changed nothing: done all the same, it changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.msgpack import encode
from msgspec.structs import astuple

from rules.context import EventContext
from rules.loading import shipped
from schemas.codec import decode_orders, decode_record, encode_orders, encode_record, size_of
from schemas.events import AnyEvent, Invalid
from schemas.examples import example
from schemas.order_book import OrderBook
from schemas.record import MAX_BYTES, TimerKind
from schemas.times import HOUR
from schemas.topics import TOPIC_OF
from streams.customer import Customer
from streams.pipeline import (
    changes_orders,
    fire_timers,
    foresee,
    handle,
    new_customer,
    take_stock,
    timers_change_orders,
)
from streams.timer_schedule import schedule_maturity
from tests.builders import START, event, lane_context

LANE = lane_context(shipped(), horizons=(28,))
ENVELOPE = ("id", "type", "version", "customer", "time")
LONGEST: tuple[Any, ...] = ("\U0001f989" * 200, "\U0001f989" * 64, "r" * 64, "m" * 40, 10**12, 10**9, 100_000)
"""What a field may hold at most, by what it is; the first that the contract takes."""


def widest(kind: str) -> dict[str, Any]:
    """An event whose fields are as long as its contract allows."""
    fields = {name: value for name, value in example("events", kind).items() if name not in ENVELOPE}
    for name, usual in fields.items():
        for value in LONGEST:
            if type(value) is type(usual) and is_valid(kind, {**fields, name: value}):
                fields[name] = value
                break
    return fields


def is_valid(kind: str, fields: dict[str, Any]) -> bool:
    """Whether the contract takes it, with nothing left out."""
    try:
        return not event(kind, **fields).left_out
    except Invalid:
        return False


KINDS = sorted(TOPIC_OF.keys() - {"custom.happened", "customer.identified", "customer.merged"})
"""The shipped rulebook declares none of the store's own; what moves a life is measured each time, as all that tells who
the customer is."""
WIDEST = {kind: widest(kind) for kind in KINDS}
USUAL = {kind: {k: v for k, v in example("events", kind).items() if k not in ENVELOPE} for kind in KINDS}
DURATIONS = st.sampled_from([0, 1, 5, 20, 24, 100, 24 * 8, 24 * 40, 24 * 200])
TOLD = st.lists(st.tuples(st.sampled_from(KINDS), st.booleans(), DURATIONS), min_size=1, max_size=25)


def events_of(told: list[tuple[str, bool, int]]) -> list[AnyEvent]:
    """A life of usual and of widest events, with pauses in hours."""
    at, events = START, []
    for number, (kind, wide, hours) in enumerate(told):
        at += hours * HOUR
        fields = WIDEST[kind] if wide else USUAL[kind]
        events.append(event(kind, at, id=f"e-{number}", **fields))
    return events


class Watched:
    """A customer after each of whose turns everything that may have been skipped is done once more."""

    def __init__(self) -> None:
        self.customer: Customer = new_customer("c-1", START, LANE)
        self.customer.orders = OrderBook()

    def live(self, events: list[AnyEvent]) -> None:
        for one in events:
            while (timers := self.customer.record.timers) and timers[0].due <= one.at:
                due = timers[0].due
                self._begin()
                changes, ahead = timers_change_orders(self.customer, due), self._scored_ahead(due)
                fire_timers(self.customer, due, LANE)
                assert encode_record(self.customer.record) == ahead, f"timers of {due} scored ahead"
                self._check(f"timers of {due}", may_change=changes)
            self._begin()
            handle(self.customer, one, LANE, one.at)
            self._check(one.type, may_change=changes_orders(one) or one.type == "erasure.requested")

    def _scored_ahead(self, due: int) -> bytes:
        """The record as the same timers leave it, where a look among them is scored before anything else is done."""
        one = self.customer
        twin = Customer(
            decode_record(encode_record(one.record)), decode_orders(encode_orders(one.orders or OrderBook()))
        )
        foresee(twin, due, LANE)
        fire_timers(twin, due, LANE)
        assert twin.foreseen is None
        return encode_record(twin.record)

    def _begin(self) -> None:
        self.room = self.customer.room = MAX_BYTES - size_of(self.customer.record)
        self.book = encode_orders(self.customer.orders or OrderBook())

    def _check(self, what: str, *, may_change: bool) -> None:
        record = self.customer.record
        assert len(record.timers) <= len(TimerKind), f"{what} left two timers of a kind"
        assert self.customer.room <= MAX_BYTES - size_of(record), f"{what} grew it beyond its room of {self.room}"
        if not may_change:
            assert encode_orders(self.customer.orders or OrderBook()) == self.book, f"{what} changed the order book"
        if not record.erased and not record.merged_into and record.seen:
            context = EventContext(record, None, LANE, record.seen, record.seen)
            before = astuple(record.segment)
            take_stock(context)
            assert (astuple(record.segment), context.triggers) == (before, []), f"{what} moved stock"
            timers = encode(record.timers)
            schedule_maturity(context)
            assert encode(record.timers) == timers, f"{what} left the timer of pending labels unset"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(TOLD)
def test_what_was_skipped_changes_nothing(told: list[tuple[str, bool, int]]) -> None:
    Watched().live(events_of(told))


def test_every_kind_of_event_first_and_last_in_a_full_life_fits_into_its_room() -> None:
    for kind in KINDS:
        told = [(kind, True, 1), *((one, True, 1) for one in KINDS if one != "erasure.requested"), (kind, True, 30)]

        Watched().live(events_of(told))
