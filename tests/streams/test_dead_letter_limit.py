"""A bad record now and then is laid aside; where most are bad the lane stops before it takes in more."""

from __future__ import annotations

import pytest

from schemas.errors import TendError
from schemas.lane import KafkaRecord
from schemas.topics import BROWSE
from streams.customer_session import Failure
from streams.dead_letter_limit import MEMORY, NO_LIMIT, DeadLetterLimit
from streams.ingest import DeadLetter, Forward

HALF = DeadLetterLimit(partition=3, limit=0.5)
FAILED = Failure("c-1", None, "KeyError: 'points'")


def letters(count: int) -> list[DeadLetter]:
    return [
        DeadLetter(KafkaRecord(BROWSE, 3, n, 0, None, b"?"), "missing_field", "customer", "must be")
        for n in range(count)
    ]


def test_one_in_a_hundred_never_stops_a_lane() -> None:
    share = 0.0
    for _ in range(1_000):
        share = HALF.taken(share, letters(1), 99)

    assert share == pytest.approx(0.01, rel=0.01)


def test_a_topic_of_nothing_but_garbage_stops_it_before_a_thousand() -> None:
    share = 0.0
    for _ in range(MEMORY * 69 // 100):
        share = HALF.taken(share, letters(1), 0)

    with pytest.raises(TendError):
        HALF.taken(share, letters(10), 0)


def test_the_order_within_a_batch_and_its_size_do_not_matter() -> None:
    whole = HALF.taken(0.0, letters(400), 3_600)
    share = 0.0
    for _ in range(100):
        share = HALF.taken(share, letters(4), 36)

    assert share == pytest.approx(whole)


def test_what_fails_behind_the_door_counts_as_much_as_what_does_not_pass_it() -> None:
    at_the_door = HALF.taken(0.2, letters(30), 70)
    behind_it = HALF.failed(HALF.taken(0.2, [], 100), [FAILED] * 30, 100)

    assert behind_it == pytest.approx(at_the_door)


def test_timers_that_fail_while_nothing_comes_stop_it_too() -> None:
    share = HALF.failed(0.0, [FAILED] * (MEMORY // 2), 0)

    with pytest.raises(TendError, match="KeyError: 'points'"):
        HALF.failed(share, [FAILED], 0)


def test_what_is_forwarded_is_of_use() -> None:
    assert HALF.taken(0.0, [Forward(KafkaRecord(BROWSE, 3, 0, 0, None, b"{}"), 1)], 0) == 0.0


def test_good_records_bring_the_share_down_again() -> None:
    assert HALF.taken(0.9, [], 100) < 0.9
    with pytest.raises(TendError):
        HALF.taken(0.9, letters(1), 0)


def test_without_a_limit_all_pass_and_are_not_counted_against_what_follows() -> None:
    everything = DeadLetterLimit(partition=3, limit=NO_LIMIT)

    share = everything.failed(everything.taken(0.9, letters(5_000), 0), [FAILED], 5_000)

    assert share == 0.0


def test_the_message_says_what_was_found_and_what_to_do() -> None:
    with pytest.raises(TendError) as stopped:
        HALF.taken(0.45, letters(900), 100)

    said = str(stopped.value)
    assert "73% of about the last 1,000 records of partition 3" in said
    assert "expected 50% at most (TEND_DEAD_LETTERS_PERCENT)" in said
    assert "missing_field: must be" in said
    assert "tend dead-letters list" in said
    assert "TEND_DEAD_LETTERS_PERCENT=100" in said
