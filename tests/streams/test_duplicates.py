"""Event ids in two generations."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.record import Seen
from schemas.times import SECOND
from streams.duplicates import WIDTH, key_of, knows, remember

SIZE = 8


def applied(count: int) -> Seen:
    seen = Seen()
    for number in range(count):
        remember(seen, key_of(f"e-{number}"), at=number * SECOND, size=SIZE)
    return seen


def test_an_id_is_known_once_it_was_remembered() -> None:
    seen = Seen()
    assert not knows(seen, key_of("a"))

    remember(seen, key_of("a"), at=1, size=SIZE)

    assert knows(seen, key_of("a"))
    assert not knows(seen, key_of("b"))


@settings(deadline=None)
@given(st.integers(0, 60))
def test_at_least_the_last_generation_and_never_more_than_two_are_known(count: int) -> None:
    seen = applied(count)

    known = [number for number in range(count) if knows(seen, key_of(f"e-{number}"))]

    assert known == list(range(count - len(known), count))
    assert min(count, SIZE) <= len(known) <= 2 * SIZE
    assert len(seen.current) + len(seen.previous) == len(known) * WIDTH


@settings(deadline=None)
@given(st.integers(0, 60))
def test_whatever_was_forgotten_lies_within_the_reach(count: int) -> None:
    seen = applied(count)

    forgotten = [number for number in range(count) if not knows(seen, key_of(f"e-{number}"))]

    assert all(number * SECOND <= seen.reach for number in forgotten)
    if not forgotten:
        assert seen.reach == 0


def test_bytes_that_only_meet_across_two_hashes_are_no_id() -> None:
    one, two = bytes(range(WIDTH)), bytes(range(WIDTH, 2 * WIDTH))
    seen = Seen(current=one + two)

    across = (one + two)[WIDTH // 2 : WIDTH // 2 + WIDTH]

    assert not knows(seen, across)
    assert knows(seen, two)
