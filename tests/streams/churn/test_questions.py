from __future__ import annotations

from math import exp

import msgspec
import pytest

from schemas.churn import Asked, Buying, Lesson
from schemas.times import DAY, HOUR, SECOND, WEEK
from streams.churn import KINDS, ask, begin, next_maturity, remember_order, remember_signal, score, settle
from streams.churn.packing import unpack
from streams.churn.questions import HALF, WHOLE
from streams.churn.versions import FIRST

NOW = 20_000 * DAY
STATE = begin([28, 21, 7])


def ask_daily(days: int, customer: str = "c1", horizon: int = 28) -> tuple[Asked, list[Lesson]]:
    buying, asked, lessons = Buying(), Asked(), []
    remember_order(buying, NOW, 1_000)
    for day in range(days):
        at = NOW + day * DAY
        lessons += settle(asked, NOW, at, customer)
        ask(asked, buying, at, score(STATE, buying, at, horizon), customer, horizon)
    return asked, lessons


def test_at_most_four_questions_wait() -> None:
    for horizon in (7, 28):
        asked, _ = ask_daily(100, horizon=horizon)

        assert 3 <= len(asked.questions) <= 4


def test_each_point_counts_once_in_the_weights() -> None:
    asked, lessons = ask_daily(100)

    for part in (WHOLE, HALF):
        settled = sum(lesson.weight for lesson in lessons if lesson.part == part)
        assert settled + sum(q.points for q in asked.questions if q.part >= part) == 100


def test_the_point_that_is_kept_is_drawn_evenly() -> None:
    drawn = [0] * 7
    for i in range(300):
        _, lessons = ask_daily(36, f"c{i}", horizon=21)
        for lesson in lessons:
            if lesson.part == HALF and lesson.weight == 7:
                drawn[(lesson.asked_at - NOW) // DAY % 7] += 1

    assert min(drawn) > 0.6 * max(drawn)


def test_a_question_is_settled_when_its_time_is_over_and_not_before() -> None:
    asked, _ = ask_daily(1)

    assert next_maturity(asked) == NOW + 14 * DAY
    assert settle(asked, NOW, NOW + 14 * DAY - 1, "c1") == []
    assert [lesson.part for lesson in settle(asked, NOW, NOW + 14 * DAY, "c1")] == [HALF]
    assert next_maturity(asked) == NOW + 28 * DAY
    assert [lesson.part for lesson in settle(asked, NOW, NOW + 28 * DAY, "c1")] == [WHOLE]
    assert next_maturity(asked) is None


def test_the_label_is_whether_an_order_came_after_the_question() -> None:
    for last, churned in ((NOW, True), (NOW + SECOND, False)):
        asked, _ = ask_daily(1)

        lessons = settle(asked, last, NOW + 28 * DAY, "c1")

        assert [lesson.churned for lesson in lessons] == [churned, churned]


def test_questions_and_history_stay_small() -> None:
    daily, weekly = Buying(), Buying()
    for i in range(500):
        remember_order(daily, NOW - (500 - i) * DAY, 100_000)
    for i in range(52):
        remember_order(weekly, NOW - (52 - i) * WEEK, 4_000 + i)
    asked, _ = ask_daily(200)

    assert len(msgspec.msgpack.encode(weekly)) <= 75
    assert len(msgspec.msgpack.encode(daily)) <= 75
    assert len(msgspec.msgpack.encode(asked)) <= 150


def test_signals_take_a_few_bytes_and_fade_however_often_she_is_seen() -> None:
    buying = Buying()
    for kind in KINDS:
        remember_signal(buying, kind, NOW)
    assert buying.signals is not None
    assert len(msgspec.msgpack.encode(buying.signals)) <= 30

    for hour in range(180 * 24):
        remember_signal(buying, "complaint_resolved", NOW + hour * HOUR)

    assert buying.signals.ratings == pytest.approx(10_000 * exp(-1.0), rel=0.02)


def test_a_lesson_carries_the_features_of_its_moment() -> None:
    buying, asked = Buying(), Asked()
    remember_order(buying, NOW, 1_000)
    asked_with = score(STATE, buying, NOW + 5 * DAY, 28)
    ask(asked, buying, NOW + 5 * DAY, asked_with, "c1", 28)

    lessons = settle(asked, NOW, NOW + 40 * DAY, "c1")

    for lesson in lessons:
        unpacked = unpack(FIRST, lesson.features)
        assert unpacked is not None
        log_odds, features, history = unpacked
        assert abs(log_odds - asked_with.log_odds) < 0.01
        assert all(abs(a - b) <= 1 / 16 for a, b in zip(features, asked_with.features, strict=True) if abs(b) < 7.9)
        assert history is None if lesson.part == WHOLE else history == pytest.approx(asked_with.history, rel=0.03)
