"""What is missing in front of what came is waited for, but not for good, and is then forgotten."""

from __future__ import annotations

import pytest

from infra.kafka.gaps import Gaps


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gaps(clock: Clock) -> Gaps:
    return Gaps(contiguous=True, clock=clock)


def test_what_is_missing_is_read_again_for_some_seconds_and_then_passed_over(gaps: Gaps, clock: Clock) -> None:
    answers = []
    for seconds in (0, 1, 2, 3):
        clock.now = seconds
        answers.append(gaps.before("orders", 5, 7))
    assert answers == [True, True, True, False]


def test_each_missing_place_has_its_own_patience(gaps: Gaps, clock: Clock) -> None:
    gaps.before("orders", 5, 7)
    clock.now = 2.9
    assert not gaps.before("orders", 5, 5)
    assert gaps.before("orders", 8, 9)
    clock.now = 4.0
    assert gaps.before("orders", 8, 9)
    assert gaps.before("visits", 5, 7)


def test_nothing_is_kept_of_places_that_were_found(gaps: Gaps) -> None:
    for expected in range(0, 1000, 2):
        assert gaps.before("orders", expected, expected + 1)
        assert not gaps.before("orders", expected, expected)
    assert len(gaps._missing) <= 1


def test_a_broker_whose_offsets_have_gaps_never_misses_anything(clock: Clock) -> None:
    assert not Gaps(contiguous=False, clock=clock).before("orders", 5, 7)
