from __future__ import annotations

import msgspec

from schemas.churn import Asked, Buying, Lesson
from schemas.times import DAY
from streams.churn import ask, begin, next_maturity, remember_order, score, settle
from streams.churn.packing import unpack
from streams.churn.questions import HALF, WHOLE

NOW = 20_000 * DAY
STATE = begin([28, 7])


def ask_daily(days: int, customer: str = "c1", horizon: int = 28) -> tuple[Asked, list[Lesson]]:
    buying, asked, lessons = Buying(), Asked(), []
    remember_order(buying, NOW, 1_000)
    for day in range(days):
        at = NOW + day * DAY
        lessons += settle(asked, NOW, at, customer)
        ask(asked, buying, at, score(STATE, buying, at, horizon), customer, horizon)
    return asked, lessons


def test_at_most_three_questions_wait_for_each_part() -> None:
    for horizon in (7, 28):
        asked, _ = ask_daily(100, horizon=horizon)

        for part in (WHOLE, HALF):
            assert 1 <= len([q for q in asked.questions if q.part == part]) <= 3


def test_each_point_counts_once_in_the_weights() -> None:
    asked, lessons = ask_daily(100)

    for part in (WHOLE, HALF):
        settled = sum(lesson.weight for lesson in lessons if lesson.part == part)
        assert settled + sum(q.points for q in asked.questions if q.part == part) == 100


def test_the_point_that_is_kept_is_drawn_evenly() -> None:
    drawn = [0] * 7
    for i in range(150):
        _, lessons = ask_daily(36, f"c{i}")
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
    for last, churned in ((NOW, True), (NOW + 1, False)):
        asked, _ = ask_daily(1)

        lessons = settle(asked, last, NOW + 28 * DAY, "c1")

        assert [lesson.churned for lesson in lessons] == [churned, churned]


def test_questions_and_history_stay_small() -> None:
    buying = Buying()
    for i in range(500):
        remember_order(buying, NOW - (500 - i) * DAY, 100_000)
    asked, _ = ask_daily(200)

    questions = len(msgspec.msgpack.encode(asked))

    assert questions <= 300
    assert questions + len(msgspec.msgpack.encode(buying)) <= 500


def test_a_lesson_carries_the_features_of_its_moment() -> None:
    buying, asked = Buying(), Asked()
    remember_order(buying, NOW, 1_000)
    asked_with = score(STATE, buying, NOW + 5 * DAY, 28)
    ask(asked, buying, NOW + 5 * DAY, asked_with, "c1", 28)

    lessons = settle(asked, NOW, NOW + 40 * DAY, "c1")

    for lesson in lessons:
        unpacked = unpack(lesson.features)
        assert unpacked is not None
        log_odds, features, history = unpacked
        assert abs(log_odds - asked_with.log_odds) < 0.01
        assert all(abs(a - b) <= 1 / 32 for a, b in zip(features, asked_with.features, strict=True) if abs(b) < 7.9)
        assert (history is None) == (lesson.part == WHOLE)
