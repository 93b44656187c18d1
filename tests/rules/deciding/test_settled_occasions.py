"""The ring of spent occasions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deciding.settled_occasions import knows, settled, touched
from schemas.given_out import MAX_SPENT
from schemas.ids import digest


def key(name: object) -> bytes:
    return digest(str(name), size=16)


def refused(ring: bytes, *names: object) -> bytes:
    for name in names:
        ring = settled(ring, key(name), given_out=False, recurs=False)
    return ring


def given_out(ring: bytes, *names: object, recurs: bool = False) -> bytes:
    for name in names:
        ring = settled(ring, key(name), given_out=True, recurs=recurs)
    return ring


def test_what_was_spent_is_known() -> None:
    ring = refused(given_out(b"", "a"), "b")

    assert knows(ring, key("a"))
    assert knows(ring, key("b"))
    assert not knows(ring, key("c"))
    assert len(ring) == 8


def test_refusals_are_forgotten_before_what_was_given_out() -> None:
    ring = given_out(b"", *range(15))

    ring = refused(ring, *(f"no-{n}" for n in range(100)))

    assert all(knows(ring, key(n)) for n in range(15))
    assert knows(ring, key("no-99"))
    assert not knows(ring, key("no-0"))


def test_some_refusals_are_known_even_so() -> None:
    ring = given_out(refused(b"", *(f"no-{n}" for n in range(9))), *range(100))

    assert sum(knows(ring, key(f"no-{n}")) for n in range(9)) == 4


def test_an_occasion_that_can_come_again_is_known_longest() -> None:
    ring = given_out(b"", "quarter", recurs=True)

    ring = given_out(ring, *range(1_000))

    assert knows(ring, key("quarter"))


def test_what_is_proposed_again_is_remembered_as_if_it_were_new() -> None:
    ring = given_out(b"", *range(MAX_SPENT))

    ring = given_out(touched(ring, key(0)), "one more")

    assert knows(ring, key(0))
    assert not knows(ring, key(1))


def test_a_refusal_may_become_something_given_out_and_stands_once() -> None:
    ring = given_out(refused(b"", "a", "b"), "a")

    assert len(ring) == 8
    assert knows(ring, key("a"))


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.booleans()), max_size=120))
@settings(max_examples=50, deadline=None)
def test_it_stays_short_without_doubles_and_knows_the_newest(steps: list[tuple[int, bool, bool]]) -> None:
    ring = b""
    for name, out, recurs in steps:
        ring = settled(ring, key(name), given_out=out, recurs=recurs)
        assert knows(ring, key(name))

    entries = [ring[at : at + 4] for at in range(0, len(ring), 4)]
    assert len(entries) <= MAX_SPENT
    assert len({one[:3] + bytes([one[3] & ~3]) for one in entries}) == len(entries)
