"""A micro-batch: bounded, in order, and a failure of one event harms nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.context import LaneContext
from rules.loading import shipped
from rules.rule import Rule
from schemas.codec import decode_record, encode_record
from schemas.events import AnyEvent
from schemas.lane import Loaded
from schemas.outcome import Outcome
from schemas.record import TimerKind
from schemas.timers import set_timer
from schemas.times import DAY, HOUR, MINUTE, Millis
from streams import customer_session, pipeline
from streams.customer import Customer
from streams.customer_cache import CustomerCache
from streams.ingest import Arrival
from streams.micro_batch import MAX_BYTES, USUAL_LIMITS, MicroBatch, customers_of, cut, run_micro_batch
from streams.pipeline import new_customer
from tests.builders import START, Listening, added, arrived, complained, event, lane_context, listening, placed

NOTHING = Loaded({}, {}, [])


class Touchy(Listening):
    """A rulebook that fails whenever one trigger comes, as a defect would."""

    trigger = "search.performed"

    def triggered_by(self, trigger: str) -> tuple[Rule, ...]:
        if trigger == self.trigger:
            raise ZeroDivisionError("a defect")
        return super().triggered_by(trigger)


def touchy(trigger: str = "search.performed") -> LaneContext:
    rulebook = listening()
    rulebook.__class__ = Touchy
    rulebook.trigger = trigger  # type: ignore[attr-defined]  # it is a Touchy now
    return lane_context(rulebook)


def arrivals(*events: AnyEvent) -> list[Arrival]:
    return [arrived(one, offset, body=bytes(300)) for offset, one in enumerate(events)]


def micro_batch(
    events: Iterable[AnyEvent], around: LaneContext, until: Millis = 0, loaded: Loaded = NOTHING
) -> MicroBatch:
    return run_micro_batch(arrivals(*events), loaded, until, around, None)


def searched(at: Millis = START, **fields: Any) -> AnyEvent:
    return event("search.performed", at, query="umbrella", results=0, **fields)


# ---------------------------------------------------------------- how much is one micro-batch


def test_a_micro_batch_is_bounded_in_events() -> None:
    many = arrivals(*[placed(START + n, f"o-{n}") for n in range(USUAL_LIMITS.events + 5)])

    assert cut(many, 0, 1 << 60) == USUAL_LIMITS.events
    assert cut(many, USUAL_LIMITS.events, 1 << 60) == USUAL_LIMITS.events + 5


def test_a_micro_batch_is_bounded_in_customers() -> None:
    many = arrivals(*[placed(START + n, who=f"c-{n}") for n in range(USUAL_LIMITS.customers + 5)])

    assert cut(many, 0, 1 << 60) == USUAL_LIMITS.customers


def test_a_micro_batch_is_bounded_in_bytes_and_never_empty() -> None:
    large = [arrived(placed(START + n, f"o-{n}"), n, body=bytes(MAX_BYTES - 1)) for n in range(4)]

    assert [cut(large, start, 1 << 60) for start in range(4)] == [1, 2, 3, 4]


def test_a_micro_batch_ends_before_the_border() -> None:
    three = arrivals(placed(START), placed(START + 1, "o-2"), placed(START + 2, "o-3"))

    assert cut(three, 0, START + 2) == 2
    assert cut(three, 2, START + 2) == 2


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_micro_batches_put_together_are_the_whole(customers: list[int]) -> None:
    whole = arrivals(*[placed(START + n, f"o-{n}", who=f"c-{who}") for n, who in enumerate(customers)])
    start, seen = 0, 0
    while start < len(whole):
        stop = cut(whole, start, 1 << 60)
        assert stop > start
        seen, start = seen + stop - start, stop

    assert seen == len(whole)


def test_customers_are_asked_for_once_in_the_order_of_their_appearance() -> None:
    told = arrivals(placed(who="b"), placed(START + 1, who="a"), placed(START + 2, "o-2", who="b"))

    assert customers_of(told) == ["b", "a"]


# ---------------------------------------------------------------- what it does


def test_a_customers_own_timers_fire_before_their_event() -> None:
    around = lane_context(listening())
    micro_batch([added(START), event("product.viewed", START + 2 * HOUR, sku="s")], around)

    rulebook = around.rulebook
    assert isinstance(rulebook, Listening)
    assert rulebook.heard.index("cart.left") < rulebook.heard.index("product.viewed")


def test_timers_of_the_silent_ring_up_to_the_end_of_the_micro_batch() -> None:
    before = micro_batch([added(START)], lane_context(listening()))
    around = lane_context(listening())
    due = before.timers["c-1"]
    assert due == START + HOUR

    after = run_micro_batch([], Loaded(before.records, before.orders, [(due, "c-1")]), START + 2 * HOUR, around, None)

    assert isinstance(around.rulebook, Listening)
    assert "cart.left" in around.rulebook.heard
    assert after.timers["c-1"] is not None
    assert after.timers["c-1"] > START + 2 * HOUR


def test_a_timer_that_outlived_its_customer_is_taken_off_the_clock() -> None:
    found = run_micro_batch([], Loaded({}, {}, [(START, "gone")]), START, lane_context(), None)

    assert found.timers == {"gone": None}
    assert found.records == {}


def test_what_did_not_change_is_not_written_again() -> None:
    first = micro_batch([placed()], lane_context())

    again = micro_batch([placed()], lane_context(), loaded=Loaded(first.records, first.orders, []))

    assert again.records == {}
    assert again.orders == {}


def test_how_late_a_timer_rings_is_told_in_service() -> None:
    before = micro_batch([added(START)], lane_context(listening()))
    loaded = Loaded(before.records, before.orders, [(START + HOUR, "c-1")])

    found = run_micro_batch([], loaded, START + HOUR, lane_context(listening()), START + HOUR + 5 * MINUTE)

    assert found.lag == [5 * MINUTE]


# ---------------------------------------------------------------- when something fails


def test_an_event_that_fails_leaves_its_customer_as_they_were_before_it() -> None:
    alone = micro_batch([placed(), complained(START + 2)], touchy())

    beside = micro_batch([placed(), searched(START + 1), complained(START + 2)], touchy())

    (failure,) = beside.failed
    assert failure.customer == "c-1"
    assert re.fullmatch(r"ZeroDivisionError at test_micro_batch\.py:\d+", failure.error)
    assert beside.records == alone.records
    assert beside.orders == alone.orders
    assert [trigger for trigger, _ in beside.outcomes] == [trigger for trigger, _ in alone.outcomes]


def test_the_events_of_others_go_on() -> None:
    found = micro_batch([searched(who="a"), placed(START + 1, who="b")], touchy())

    assert [one.customer for one in found.failed] == ["a"]
    assert decode_record(found.records["b"]).purchases.count == 1


def test_the_same_failure_happens_again_in_every_run() -> None:
    told = [placed(), searched(START + 1), added(START + 2), searched(START + 3)]

    one, other = micro_batch(told, touchy(), START + DAY), micro_batch(told, touchy(), START + DAY)

    assert (one.records, one.orders, one.timers) == (other.records, other.orders, other.timers)
    assert [failure.error for failure in one.failed] == [failure.error for failure in other.failed]
    assert len(one.failed) == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab")), max_size=12))
def test_the_events_that_fail_leave_no_trace(some: list[tuple[bool, str]]) -> None:
    events = [
        searched(START + n, who=who) if fails else placed(START + n, f"o-{n}", who=who)
        for n, (fails, who) in enumerate(some)
    ]
    good = [one for one in events if one.type != "search.performed"]
    # Somebody whose first event fails is known from then on: both are, before anything happens.
    both = micro_batch([placed(START - 1, "o-a", who="a"), placed(START - 1, "o-b", who="b")], touchy())
    stored = Loaded(both.records, both.orders, [])

    beside = micro_batch(events, touchy(), loaded=stored)
    alone = micro_batch(good, touchy(), loaded=stored)

    assert (beside.records, beside.orders) == (alone.records, alone.orders)
    assert beside.outcomes == alone.outcomes
    assert [one.arrival.offset for one in beside.failed if one.arrival] == [
        n for n, (fails, _) in enumerate(some) if fails
    ]


def test_a_crowd_of_failures_does_each_step_twice_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def counted(customer: Customer, one: AnyEvent, lane: LaneContext, acting: Millis) -> Outcome:
        steps.append(one.id)
        return pipeline.handle(customer, one, lane, acting)

    monkeypatch.setattr(customer_session, "handle", counted)
    events = [one for n in range(40) for one in (placed(START + 2 * n, f"o-{n}"), searched(START + 2 * n + 1))]

    found = micro_batch(events, touchy())

    assert len(found.failed) == 40
    assert len(steps) <= 2 * len(events)


def test_a_failure_keeps_the_timers_that_rang_before_it() -> None:
    alone = micro_batch([added(START), placed(START + 3 * HOUR)], touchy())

    beside = micro_batch([added(START), searched(START + 2 * HOUR), placed(START + 3 * HOUR)], touchy())

    assert len(beside.failed) == 1
    assert beside.records == alone.records


def test_a_timer_that_fails_does_not_ring_for_ever() -> None:
    found = micro_batch([added(START)], touchy("cart.left"), START + 2 * HOUR)

    assert [(one.customer, one.arrival) for one in found.failed] == [("c-1", None)]
    due = found.timers["c-1"]
    assert due is not None
    assert due > START + 2 * HOUR


def test_with_the_shipped_rules_nothing_fails() -> None:
    found = micro_batch([placed(), added(START + 1), complained(START + 2)], lane_context(shipped()), START + 60 * DAY)

    assert found.failed == []


def test_many_timers_of_one_customer_ring_one_after_the_other() -> None:
    customer = new_customer("c-1", START, lane_context())
    customer.record.timers.clear()
    for number in range(5):
        set_timer(customer.record, TimerKind.TICK, START + number, str(number))
    loaded = Loaded({"c-1": encode_record(customer.record)}, {}, [(START, "c-1")])

    found = run_micro_batch([], loaded, START + 2, lane_context(), None)

    assert len([trigger for trigger, _ in found.outcomes if trigger == "timer"]) >= 3
    due = found.timers["c-1"]
    assert due is not None
    assert due > START + 2


# ---------------------------------------------------------------- customers in hand


def lived(events: Iterable[AnyEvent], around: LaneContext, cache: CustomerCache | None) -> list[MicroBatch]:
    """One micro-batch for each event and its day after, with what the one before left in the store."""
    loaded, micro_batches = Loaded({}, {}, []), []
    for one in events:
        micro_batch = run_micro_batch(arrivals(one), loaded, one.at + DAY, around, None, cache)
        loaded = Loaded(
            {**loaded.records, **micro_batch.records},
            {who: book for who, book in {**loaded.orders, **micro_batch.orders}.items() if book},
            [],
        )
        micro_batches.append(micro_batch)
    return micro_batches


def told_of(micro_batches: list[MicroBatch]) -> list[tuple[object, ...]]:
    return [(one.records, one.orders, one.timers, one.outcomes, one.failed) for one in micro_batches]


@given(
    st.lists(
        st.sampled_from(("order.placed", "cart.item_added", "search.performed", "erasure.requested")),
        min_size=1,
        max_size=6,
    )
)
def test_customers_in_hand_show_in_no_result(kinds: list[str]) -> None:
    makes = {
        "order.placed": lambda at, n: placed(at, f"o-{n}"),
        "cart.item_added": lambda at, n: added(at),
        "search.performed": lambda at, n: searched(at),
        "erasure.requested": lambda at, n: event("erasure.requested", at),
    }
    events = [makes[kind](START + 2 * n * DAY, n) for n, kind in enumerate(kinds)]

    # With a rule that fails in between: they are brought back from what is stored, not from what is in hand.
    assert told_of(lived(events, touchy(), CustomerCache())) == told_of(lived(events, touchy(), None))


def test_an_erased_customer_in_hand_loses_their_order_book() -> None:
    last = lived([placed(), event("erasure.requested", START + 2 * DAY)], lane_context(shipped()), CustomerCache())[-1]

    assert last.orders == {"c-1": b""}
