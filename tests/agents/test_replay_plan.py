"""Marks are set where nothing can straddle them, and in the same places in every run."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.replay.event import ReplayEvent
from agents.replay.plan import Begin, Unsorted, plan_marks
from schemas.times import DAY, HOUR

_START = 17_167 * DAY


def told(time: int, number: int = 0) -> ReplayEvent:
    return ReplayEvent(_START + time, f"e{number}", "c", "order.placed", b"{}")


times = st.lists(st.integers(0, 25 * DAY // HOUR).map(lambda hours: hours * HOUR), max_size=60).map(sorted)


@given(times, st.integers(1, 9), st.integers(1, 9))
def test_every_event_lies_between_the_marks_around_its_time(moments: list[int], every: int, sparse: int) -> None:
    events = [told(time, number) for number, time in enumerate(moments)]

    plan = list(plan_marks(events, every=every, sparse=sparse))

    assert [event for interval in plan for event in interval.events] == events
    assert [interval.number for interval in plan] == list(range(len(plan)))
    for before, after in pairwise(plan):
        assert before.time <= after.time
        assert all(before.time <= event.time < after.time for event in after.events)


@given(times, st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_plan_resumed_at_any_mark_goes_on_as_it_would_have(
    moments: list[int], every: int, sparse: int, data: st.DataObject
) -> None:
    events = [told(time, number) for number, time in enumerate(moments)]
    plan = list(plan_marks(events, every=every, sparse=sparse))
    at = data.draw(st.integers(0, len(plan) - 2))

    begin = Begin(plan[at].number, plan[at].read, plan[at].time)
    rest = list(plan_marks(events, every=every, sparse=sparse, resume=begin))

    assert rest == plan[at + 1 :]


def test_a_day_that_passes_is_marked_at_midnight() -> None:
    plan = list(plan_marks([told(HOUR), told(30 * HOUR)], sparse=1))

    assert [interval.time - _START for interval in plan] == [0, DAY, 2 * DAY]


def test_days_of_few_events_share_an_interval_for_a_week_at_most() -> None:
    plan = list(plan_marks([told(day * DAY + HOUR, day) for day in range(20)], sparse=5))
    assert [(interval.time - _START) // DAY for interval in plan] == [0, 5, 10, 15, 20]

    plan = list(plan_marks([told(day * DAY + HOUR, day) for day in (0, 1, 2, 40, 41, 55)], sparse=9))
    assert [(interval.time - _START) // DAY for interval in plan] == [0, 40, 55, 56]


def test_events_of_one_moment_share_an_interval_however_many() -> None:
    plan = list(plan_marks([told(HOUR, number) for number in range(50)] + [told(2 * HOUR)], every=10))

    assert [len(interval.events) for interval in plan] == [0, 50, 1]
    assert plan[1].time == _START + HOUR + 1


def test_only_the_first_mark_begins_and_only_the_last_finishes() -> None:
    plan = list(plan_marks([told(number * HOUR) for number in range(60)], every=7))

    assert [interval.number for interval in plan if interval.begins] == [0]
    assert [interval.number for interval in plan if interval.finishes] == [len(plan) - 1]


def test_the_last_mark_takes_the_end_that_is_given() -> None:
    assert list(plan_marks([told(1)], end=_START + 9 * DAY))[-1].time == _START + 9 * DAY


def test_an_empty_input_begins_and_finishes() -> None:
    plan = list(plan_marks([], end=_START + DAY))

    assert [(interval.begins, interval.finishes) for interval in plan] == [(True, False), (False, True)]


def test_input_out_of_order_is_refused() -> None:
    with pytest.raises(Unsorted, match="e2"):
        list(plan_marks([told(5, 1), told(4, 2)]))


def test_an_event_at_the_end_is_refused() -> None:
    with pytest.raises(Unsorted, match="not before the end"):
        list(plan_marks([told(5, 1)], end=_START + 5))
