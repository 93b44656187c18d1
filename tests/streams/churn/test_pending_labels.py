from __future__ import annotations

from math import exp

import msgspec
import pytest

from schemas.churn import LabelledExample, PendingLabels, PurchaseFeatures
from schemas.times import DAY, HOUR, SECOND, WEEK
from streams.churn import KINDS, enqueue, initial_state, mature, next_maturity, remember_order, remember_signal, score
from streams.churn.current_features import CURRENT
from streams.churn.packing import unpack
from streams.churn.pending_labels import HALF, WHOLE

NOW = 20_000 * DAY
STATE = initial_state([28, 21, 7])


def ask_daily(days: int, customer: str = "c1", horizon: int = 28) -> tuple[PendingLabels, list[LabelledExample]]:
    purchases, pending, examples = PurchaseFeatures(), PendingLabels(), []
    remember_order(purchases, NOW, 1_000)
    for day in range(days):
        at = NOW + day * DAY
        examples += mature(pending, NOW, at, customer)
        enqueue(pending, at, score(STATE, purchases, at, horizon), customer, horizon)
    return pending, examples


def test_at_most_four_labels_wait() -> None:
    for horizon in (7, 28):
        pending, _ = ask_daily(100, horizon=horizon)

        assert 3 <= len(pending.labels) <= 4


def test_each_point_counts_once_in_the_weights() -> None:
    pending, examples = ask_daily(100)

    for part in (WHOLE, HALF):
        settled = sum(example.weight for example in examples if example.part == part)
        assert settled + sum(q.points for q in pending.labels if q.part >= part) == 100


def test_the_point_that_is_kept_is_drawn_evenly() -> None:
    drawn = [0] * 7
    for i in range(300):
        _, examples = ask_daily(36, f"c{i}", horizon=21)
        for example in examples:
            if example.part == HALF and example.weight == 7:
                drawn[(example.predicted_at - NOW) // DAY % 7] += 1

    assert min(drawn) > 0.6 * max(drawn)


def test_a_label_is_learned_when_its_time_is_over_and_not_before() -> None:
    pending, _ = ask_daily(1)

    assert next_maturity(pending) == NOW + 14 * DAY
    assert mature(pending, NOW, NOW + 14 * DAY - 1, "c1") == []
    assert [example.part for example in mature(pending, NOW, NOW + 14 * DAY, "c1")] == [HALF]
    assert next_maturity(pending) == NOW + 28 * DAY
    assert [example.part for example in mature(pending, NOW, NOW + 28 * DAY, "c1")] == [WHOLE]
    assert next_maturity(pending) is None


def test_the_label_is_whether_an_order_came_after_the_prediction() -> None:
    for last, churned in ((NOW, True), (NOW + SECOND, False)):
        pending, _ = ask_daily(1)

        examples = mature(pending, last, NOW + 28 * DAY, "c1")

        assert [example.churned for example in examples] == [churned, churned]


def test_pending_labels_and_history_stay_small() -> None:
    daily, weekly = PurchaseFeatures(), PurchaseFeatures()
    for i in range(500):
        remember_order(daily, NOW - (500 - i) * DAY, 100_000)
    for i in range(52):
        remember_order(weekly, NOW - (52 - i) * WEEK, 4_000 + i)
    pending, _ = ask_daily(200)

    assert len(msgspec.msgpack.encode(weekly)) <= 75
    assert len(msgspec.msgpack.encode(daily)) <= 75
    assert len(msgspec.msgpack.encode(pending)) <= 150


def test_signals_take_a_few_bytes_and_fade_however_often_the_customer_is_seen() -> None:
    purchases = PurchaseFeatures()
    for kind in KINDS:
        remember_signal(purchases, kind, NOW)
    assert purchases.signals is not None
    assert len(msgspec.msgpack.encode(purchases.signals)) <= 30

    for hour in range(180 * 24):
        remember_signal(purchases, "complaint_resolved", NOW + hour * HOUR)

    assert purchases.signals.ratings == pytest.approx(10_000 * exp(-1.0), rel=0.02)


def test_a_example_carries_the_features_of_its_moment() -> None:
    purchases, pending = PurchaseFeatures(), PendingLabels()
    remember_order(purchases, NOW, 1_000)
    asked_with = score(STATE, purchases, NOW + 5 * DAY, 28)
    enqueue(pending, NOW + 5 * DAY, asked_with, "c1", 28)

    examples = mature(pending, NOW, NOW + 40 * DAY, "c1")

    for example in examples:
        unpacked = unpack(CURRENT, example.features)
        assert unpacked is not None
        log_odds, features, history = unpacked
        assert abs(log_odds - asked_with.log_odds) < 0.01
        assert all(abs(a - b) <= 1 / 16 for a, b in zip(features, asked_with.features, strict=True) if abs(b) < 7.9)
        assert history is None if example.part == WHOLE else history == pytest.approx(asked_with.history, rel=0.03)
