"""The way of one event, and of one timer."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.defaults import TierMoves
from rules.loading import shipped
from schemas.churn import Tick
from schemas.codec import decode_record, encode_record
from schemas.events import AnyEvent
from schemas.outcome import Outcome
from schemas.outcome_codes import MEANINGS, OutcomeCode
from schemas.record import TimerKind
from schemas.times import DAY, HOUR, MINUTE, WEEK, to_millis
from schemas.topics import TOPIC_OF
from streams import handlers
from streams.pipeline import fire_timers, handle, needs_orders, new_customer
from tests.builders import START, Life, add, added, complained, event, lane_context, listening, placed, when


def test_every_event_type_has_its_place_in_history() -> None:
    assert set(handlers.HANDLERS) == set(TOPIC_OF)


def test_every_note_has_a_meaning() -> None:
    assert set(MEANINGS) == set(OutcomeCode)


def test_somebody_not_heard_of_before_gets_a_record_with_its_clock_set() -> None:
    customer = new_customer("c-9", START, lane_context())

    assert (customer.record.id, customer.record.created) == ("c-9", START)
    assert customer.record.segment.stage == "prospect"
    assert {timer.kind for timer in customer.record.timers} == {TimerKind.TICK, TimerKind.FESTIVAL}


def test_only_news_of_orders_needs_the_order_book() -> None:
    assert needs_orders(placed())
    assert not needs_orders(event("product.viewed", sku="s-1"))


def test_a_duplicate_changes_no_byte_at_once_an_hour_or_a_day_later() -> None:
    life = Life()
    told = [
        event("customer.registered", name="Ada"),
        added(when(minutes=1)),
        placed(when(minutes=9), promised=when(2)),
        complained(when(1)),
        event("survey.answered", when(2), scores={"overall": 3}),
        event("order.returned", when(3), order_id="o-1", amount=10),
    ]
    for one in told:
        life.happens(one)
        before = life.stored()
        for later in (0, HOUR, DAY):
            outcome = handle(life.customer, one, life.lane, one.at + later)
            assert outcome.codes == {OutcomeCode.DUPLICATE: 1}
            assert life.stored() == before


def test_a_late_event_is_applied_at_its_own_time_and_counted() -> None:
    life = Life()
    life.happens(event("product.viewed", when(5), sku="s-1"))

    outcome = life.happens(placed(when(1)))

    assert outcome.codes == {OutcomeCode.LATE: 1}
    assert life.record.seen == when(5)
    assert life.record.purchases.last == when(1)
    assert life.order().placed == when(1)


def test_an_event_without_a_record_of_its_customer_is_handled_on_a_new_one() -> None:
    around = lane_context()
    first, second = placed(who="stranger"), placed(when(1), order_id="o-2", who="stranger")
    stranger = new_customer("stranger", first.at, around)

    outcomes = [handle(stranger, one, around, one.at) for one in (first, second)]

    assert [outcome.codes for outcome in outcomes] == [{OutcomeCode.NEW_CUSTOMER: 1}, {}]
    assert stranger.record.purchases.count == 2


def test_who_registers_first_is_no_stranger() -> None:
    around, first = lane_context(), event("customer.registered", name="Ada")

    assert handle(new_customer("c-1", first.at, around), first, around, first.at).codes == {}


def test_triggers_come_in_a_fixed_order() -> None:
    rulebook = listening()
    at_once = TierMoves(qualify_days=0, stay_days=0, grace_days=0)
    rulebook.defaults = rulebook.defaults.model_copy(update={"tier_moves": at_once})
    life = Life(lane_context(rulebook))
    life.happens(*(placed(when(n), order_id=f"o-{n}", amount=10_000) for n in range(9)))
    assert life.record.segment.tier == "silver"
    life.happens(event("product.viewed", when(12), sku="s-1"))
    assert life.heard

    life.happens(placed(when(9), order_id="o-9", amount=90_000, promised=when(10)))

    assert life.heard == ["order.placed", "delivery.overdue", "tier.upgraded", "stage.changed"]


def test_an_order_is_a_prediction_point_and_its_question_is_settled_when_mature() -> None:
    life = Life()
    life.happens(placed())
    assert len(life.record.churn) == 1
    mature = life.due(TimerKind.MATURITY)
    assert mature is not None
    assert mature <= START + 28 * DAY

    before = life.until(mature - 1)
    after = life.until(START + 60 * DAY)

    assert before.lessons == []
    assert all(lesson.churned for lesson in after.lessons)
    assert len(after.lessons) > 1


def test_who_comes_back_within_the_horizon_has_not_churned_and_is_told_so_at_maturity_only() -> None:
    life = Life()
    life.happens(placed(), placed(when(13), order_id="o-2"))

    lessons = life.until(START + 28 * DAY + 14 * DAY).lessons

    first = min(lessons, key=lambda lesson: lesson.predicted_at)
    assert not first.churned


def test_an_order_at_the_very_moment_of_maturity_comes_too_late() -> None:
    life = Life()
    life.happens(placed())
    due = life.due(TimerKind.MATURITY)
    assert due is not None

    outcome = life.happens(placed(due, order_id="o-2"))

    assert outcome.lessons[0].churned == (outcome.lessons[0].predicted_at == START)


def test_the_weekly_tick_scores_those_who_have_ordered_and_goes_on() -> None:
    life = Life()
    life.until(when(8))
    assert "churn.scored" not in life.heard

    life.happens(placed(when(8)))
    life.until(when(30))

    assert life.heard.count("churn.scored") == 3
    assert life.due(TimerKind.TICK) == to_millis(datetime(2026, 4, 6, tzinfo=UTC))


def test_ticks_are_spread_over_customers_where_asked() -> None:
    around = lane_context(tick=Tick(origin=0, spread=WEEK))

    dues = {new_customer(f"c-{n}", START, around).record.timers[0].due for n in range(20)}

    assert len(dues) > 10


def test_timers_ring_in_the_order_of_their_time_those_made_meanwhile_included() -> None:
    life = Life()
    life.happens(placed(promised=when(1)), added(when(0, 1), cart_id="k-2"), complained(when(0, 2)))
    life.happens(event("order.delivered", when(2), order_id="o-1"))
    life.heard.clear()

    life.until(when(9))

    heard = [one for one in life.heard if one in ("cart.left", "survey.due", "complaint.breached", "second_order.due")]
    assert heard == ["complaint.breached", "survey.due", "second_order.due"]


def test_the_present_moves_with_timers_too() -> None:
    life = Life()

    life.until(when(9))

    assert START < life.record.seen <= when(9)


def test_in_service_timers_act_at_the_clock_and_count_from_their_own_time() -> None:
    life = Life()
    life.happens(added())

    fire_timers(life.customer, when(1), life.lane, acting=when(2))

    assert life.record.seen <= when(1)


def test_nothing_is_due_twice() -> None:
    life = Life()
    life.happens(added(), placed(when(1), promised=when(2)), complained(when(1)))

    life.until(when(40))
    life.heard.clear()
    again = life.until(when(40))

    assert life.heard == []
    assert (again.codes, again.counts) == ({}, {})


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("product.viewed", {"sku": "s-1"}),
    ("search.performed", {"query": "x", "results": 0}),
    ("cart.item_added", {"cart_id": "k-1", "sku": "s-1", "price": 100, "currency": "EUR"}),
    ("cart.item_removed", {"cart_id": "k-1", "sku": "s-1"}),
    ("checkout.started", {"cart_id": "k-1", "amount": 100, "currency": "EUR"}),
    ("payment.failed", {"cart_id": "k-1"}),
    ("coupon.refused", {"code": "x"}),
    ("order.placed", {"order_id": "o-1", "amount": 5_000, "currency": "EUR", "promised_at": "2026-03-04T12:00:00Z"}),
    ("order.placed", {"order_id": "o-2", "amount": 9_000, "currency": "EUR"}),
    ("order.dispatched", {"order_id": "o-1"}),
    ("order.delivered", {"order_id": "o-1"}),
    ("order.delivered", {"order_id": "o-2"}),
    ("order.cancelled", {"order_id": "o-2"}),
    ("order.returned", {"order_id": "o-1", "amount": 300}),
    ("complaint.opened", {"complaint_id": "p-1", "category": "delivery"}),
    ("complaint.updated", {"complaint_id": "p-1", "urgency": "high"}),
    ("complaint.resolved", {"complaint_id": "p-1"}),
    ("complaint.reopened", {"complaint_id": "p-1"}),
    ("customer.registered", {"name": "Ada", "birthday": "03-08"}),
    ("customer.updated", {"zone": "Asia/Shanghai", "locale": "zh-CN"}),
    ("consent.granted", {"channel": "email", "purpose": "marketing"}),
    ("consent.withdrawn", {"channel": "email", "purpose": "marketing"}),
    ("survey.answered", {"scores": {"overall": 2}}),
    ("product.reviewed", {"sku": "s-1", "rating": 4}),
    ("receipt.redeemed", {"action_id": "foreign", "campaign": "8"}),
]
happening = st.tuples(st.sampled_from(KINDS), st.integers(0, 40 * 24 * 60))


def told(happenings: list[tuple[tuple[str, dict[str, Any]], int]]) -> list[AnyEvent]:
    return [
        event(kind, START + minutes * MINUTE, id=f"e-{number}", **fields)
        for number, ((kind, fields), minutes) in enumerate(happenings)
    ]


def lived(events: list[AnyEvent]) -> tuple[Life, list[str]]:
    life = Life()
    life.happens(*events)
    life.until(when(60))
    return life, life.heard


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.lists(happening, max_size=25), st.randoms(use_true_random=False))
def test_a_stream_gives_the_same_record_however_it_was_shuffled_before_it_was_merged(
    happenings: list[tuple[tuple[str, dict[str, Any]], int]], dice: Any
) -> None:
    events = told(happenings)
    shuffled = events * 2
    dice.shuffle(shuffled)

    one, heard = lived(sorted(events, key=lambda e: (e.at, e.id)))
    two, heard_twice = lived(sorted(shuffled, key=lambda e: (e.at, e.id)))

    assert two.stored() == one.stored()
    assert heard_twice == heard


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.lists(happening, max_size=25), st.randoms(use_true_random=False))
def test_whatever_is_sent_again_later_changes_nothing(
    happenings: list[tuple[tuple[str, dict[str, Any]], int]], dice: Any
) -> None:
    events = sorted(told(happenings), key=lambda e: (e.at, e.id))
    once, again = Life(), Life()
    for number, one in enumerate(events):
        once.happens(one)
        again.happens(one)
        before = again.stored()
        handle(again.customer, events[dice.randrange(number + 1)], again.lane, one.at)
        assert again.stored() == before

    assert again.stored() == once.stored()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.lists(happening, max_size=25))
def test_a_record_survives_its_bytes_between_any_two_events(
    happenings: list[tuple[tuple[str, dict[str, Any]], int]],
) -> None:
    events = sorted(told(happenings), key=lambda e: (e.at, e.id))
    kept, stored = Life(), Life()
    for one in events:
        kept.happens(one)
        stored.customer.record = decode_record(encode_record(stored.record))
        stored.happens(one)

    assert stored.stored() == kept.stored()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.lists(happening, max_size=25), st.lists(st.integers(0, 60 * 24 * 60), max_size=10))
def test_looking_more_often_changes_nothing(
    happenings: list[tuple[tuple[str, dict[str, Any]], int]], looks: list[int]
) -> None:
    events = sorted(told(happenings), key=lambda e: (e.at, e.id))
    rarely, outcome = Life(), None
    outcome = rarely.happens(*events)
    add(outcome, rarely.until(when(60)))

    often = Life()
    total = often.until(START)
    moments = sorted(START + minutes * MINUTE for minutes in looks)
    for one in events:
        while moments and moments[0] < one.at:
            add(total, often.until(moments.pop(0)))
        add(total, often.happens(one))
    add(total, often.until(when(60)))

    assert often.stored() == rarely.stored()
    assert (total.lessons, total.counts, total.moves) == (outcome.lessons, outcome.counts, outcome.moves)


def test_a_function_that_raises_tells_so_and_is_not_swallowed() -> None:
    life = Life()
    life.record.segment.tier = "bronze"
    life.lane.horizons = (90,)

    with pytest.raises(KeyError):
        life.happens(placed())


@pytest.mark.parametrize("seed", range(8))
def test_with_rules_in_force_nothing_is_given_out_for_what_is_sent_again(seed: int) -> None:
    dice = Random(seed)
    news = [(*dice.choice(KINDS), dice.randrange(60 * 24 * 60)) for _ in range(120)]
    events = sorted(told([((kind, fields), minutes) for kind, fields, minutes in news]), key=lambda e: (e.at, e.id))
    once, again = Life(lane_context(shipped())), Life(lane_context(shipped()))
    first, second = Outcome(), Outcome()
    for number, one in enumerate(events):
        add(first, once.happens(one))
        add(second, again.happens(one))
        before = again.stored()
        repeated = handle(again.customer, events[dice.randrange(number + 1)], again.lane, one.at)
        assert (repeated.actions, repeated.decisions) == ([], [])
        assert again.stored() == before
    add(first, once.until(when(120)))
    add(second, again.until(when(120)))

    ids = [action.action_id for action in first.actions]
    assert ids == [action.action_id for action in second.actions]
    assert len(ids) == len(set(ids)) > 0
    assert again.stored() == once.stored()
