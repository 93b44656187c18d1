"""Churn in the way of an event."""

from __future__ import annotations

from msgspec.structs import replace

from rules.loading import shipped
from schemas.churn import ChurnState
from schemas.times import DAY
from streams.churn import initial_state
from tests.builders import START, Life, event, lane_context, listening, placed, when


def trusting(state: ChurnState) -> ChurnState:
    """The same state, with quality good enough to act on."""
    return replace(state, horizons=[replace(one, trusted=True) for one in state.horizons])


def test_every_horizon_is_scored_and_asked_at_an_order() -> None:
    around = lane_context(listening(), horizons=(28, 90))
    around.almanac.churn = initial_state((28, 90))
    life = Life(around)

    life.happens(placed())

    assert len(life.record.churn) == 2
    assert {question.horizon for question in life.record.pending_labels.labels} == {28, 90}


def test_lessons_of_each_horizon_come_when_they_are_mature() -> None:
    around = lane_context(listening(), horizons=(28, 90))
    around.almanac.churn = initial_state((28, 90))
    life = Life(around)
    life.happens(placed())

    early, later = life.until(START + 28 * DAY).lessons, life.until(START + 130 * DAY).lessons

    assert early
    assert {lesson.horizon for lesson in later} == {28, 90}
    assert all(lesson.predicted_at < START + 28 * DAY for lesson in early)


def test_an_order_is_told_to_the_population_before_it_becomes_their_history() -> None:
    life = Life()

    first = life.happens(placed()).counts
    second = life.happens(placed(when(10), order_id="o-2")).counts

    assert first
    assert set(second) - set(first), "the gap between the two was counted"
    assert set(first) - set(second), "a customer is new once"


def test_prospects_are_not_scored() -> None:
    life = Life()

    life.happens(event("product.viewed", sku="s-1"))
    life.until(when(30))

    assert life.record.churn == []
    assert life.record.pending_labels.labels == []


def test_the_weekly_score_is_kept_for_the_days_between() -> None:
    life = Life()
    life.happens(placed())
    life.until(when(20))
    scored = list(life.record.churn)

    life.happens(event("product.viewed", when(20, 1), sku="s-1"))

    assert life.record.churn == scored


def test_a_probability_puts_at_risk_only_where_quality_allows_to_act_on_it() -> None:
    doubting, trusted = lane_context(listening()), lane_context(listening())
    trusted.almanac.churn = trusting(trusted.almanac.churn)
    lives = [Life(doubting), Life(trusted)]
    for life in lives:
        life.happens(placed(), placed(when(1), order_id="o-2"))
        life.record.churn = [0.99]
        life.happens(event("product.viewed", when(2), sku="s-1"))

    assert [life.record.segment.stage for life in lives] == ["repeat", "at_risk"]


def test_with_no_horizon_nothing_is_scored_and_all_else_goes_on() -> None:
    life = Life(lane_context(listening(), horizons=()))

    life.happens(placed())
    life.until(when(30))

    assert life.record.churn == []
    assert life.record.purchases.count == 1


def test_rules_hear_of_a_score_with_its_causes_on_demand() -> None:
    life = Life(lane_context(shipped()))

    outcome = life.happens(placed())

    assert all(decision.reason != "rule_failed" for decision in outcome.decisions)
