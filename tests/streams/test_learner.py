"""What lanes contribute becomes one almanac per epoch, whoever was faster."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.almanac import Contribution, encode_almanac
from schemas.churn import LabelledExample
from streams.churn import initial_state
from streams.churn.current_features import CURRENT
from streams.churn.features import SIZE
from streams.churn.packing import pack
from streams.learner import Collector, Said


def collector(last: Any = None) -> Collector:
    return Collector(2, initial_state((28,)), last)


def told(
    partition: int, sequence: int, epoch: int, *, done: bool = False, first: int = 5, orders: int = 1
) -> Contribution:
    lessons: list[LabelledExample] = []
    return Contribution(partition, sequence, epoch, first, lessons, {"orders": orders}, done)


WHOLE = [told(0, 1, 5), told(0, 2, 5, done=True), told(1, 1, 5, orders=7), told(1, 2, 5, done=True)]


def test_no_epoch_is_known_before_every_lane_was_heard_of() -> None:
    here = collector()
    here.add(told(0, 1, 5, done=True), 0)

    assert here.epoch is None
    assert here.missing() == [1]
    assert here.close(deadline=True) is None


def test_an_epoch_is_closed_when_all_lanes_are_done() -> None:
    here = collector()
    for offset, contribution in enumerate(WHOLE[:-1]):
        here.add(contribution, offset)
    assert here.close() is None
    assert here.missing() == [1]

    here.add(WHOLE[-1], 3)

    almanac = here.close()
    assert almanac is not None
    assert almanac.epoch == 5
    assert here.close() is None


def test_the_order_of_arrival_changes_no_byte() -> None:
    results = set()
    for order in permutations(WHOLE):
        here = collector()
        for offset, contribution in enumerate(order):
            here.add(contribution, offset)
        almanac = here.close()
        assert almanac is not None
        results.add(encode_almanac(almanac))

    assert len(results) == 1


def test_said_twice_it_counts_once() -> None:
    once, twice = collector(), collector()
    for offset, contribution in enumerate(WHOLE):
        once.add(contribution, offset)
        twice.add(contribution, offset)
        twice.add(contribution, offset + 10)

    one, other = once.close(), twice.close()

    assert one is not None
    assert other is not None
    assert encode_almanac(one) == encode_almanac(other)


@given(st.lists(st.integers(1, 60)), st.integers(1, 20))
def test_what_was_said_is_known_in_bounded_memory(sequences: list[int], kept: int) -> None:
    said, known = Said(kept), set[int]()
    for sequence in sequences:
        new = said.add(sequence)
        # Nothing counts twice; and what is refused without having been said is far behind the newest.
        assert not (new and sequence in known)
        assert new or sequence in known or sum(one > sequence for one in known) >= kept
        assert len(said) <= kept
        if new:
            known.add(sequence)


def test_more_lessons_than_the_cap_are_sampled_while_they_come_whatever_the_order() -> None:
    beginning = msgspec.structs.replace(initial_state((28,)), cap=10)
    features = pack(CURRENT, -1.0, [0.5] * SIZE, (3, 20.0, 40.0))
    contributions = [
        Contribution(
            p, n, 5, 5, [LabelledExample(f"c{p}-{n}-{i}", i, 28, i % 2, features, i % 3 == 0, 1) for i in range(9)]
        )
        for p in (0, 1)
        for n in (1, 2, 3)
    ]
    ends = [told(0, 9, 5, done=True), told(1, 9, 5, done=True)]
    results = set()
    for order in (contributions, contributions[::-1], contributions[3:] + contributions[:3]):
        here = Collector(2, beginning)
        for offset, contribution in enumerate([*order, *order[:2], *ends]):
            here.add(contribution, offset)
        almanac = here.close()
        assert almanac is not None
        assert almanac.lessons == 54
        results.add(encode_almanac(almanac))

    assert len(results) == 1


def test_a_lane_that_began_later_is_not_waited_for_before() -> None:
    here = collector()
    here.add(told(0, 1, 5, done=True), 0)
    here.add(told(1, 1, 7, first=7), 1)

    assert [almanac.epoch for almanac in [here.close()] if almanac] == [5]
    here.add(told(0, 2, 6, done=True), 2)
    assert [almanac.epoch for almanac in [here.close()] if almanac] == [6]
    here.add(told(0, 3, 7, done=True), 3)
    assert here.close() is None
    assert here.missing() == [1]


def test_at_the_deadline_an_epoch_is_closed_without_who_is_missing_and_the_late_are_counted() -> None:
    here = collector()
    for offset, contribution in enumerate(WHOLE[:-1]):
        here.add(contribution, offset)

    assert here.close(deadline=True) is not None
    here.add(WHOLE[-1], 3)

    assert here.late == 1


def test_a_restart_with_the_last_almanac_goes_on_as_if_nothing_had_happened() -> None:
    stream = [*WHOLE, told(0, 3, 6), told(1, 3, 7), told(1, 4, 6, done=True), told(0, 4, 6, done=True)]
    straight = collector()
    for offset, contribution in enumerate(stream):
        straight.add(contribution, offset)
    expected = [straight.close(), straight.close()]

    first = collector()
    for offset, contribution in enumerate(stream[:6]):
        first.add(contribution, offset)
    last = first.close()
    resume = first.resume(6)
    second = collector(last)
    for offset, contribution in enumerate(stream[resume:], start=resume):
        second.add(contribution, offset)
    found = [last, second.close()]

    assert all(found)
    assert [encode_almanac(one) for one in found if one] == [encode_almanac(one) for one in expected if one]
    assert resume == 4


def test_with_nothing_pending_a_restart_reads_on_where_reading_ended() -> None:
    assert collector().resume(17) == 17


def test_a_lesson_that_comes_again_under_another_sequence_is_learned_once() -> None:
    """A store that forgot its last moments has them lived through again: what is said of them comes anew."""
    features = pack(CURRENT, -1.0, [0.5] * SIZE, (3, 20.0, 40.0))
    lessons = [LabelledExample(f"c-{n}", n, 28, 0, features, n % 2 == 0, 1) for n in range(6)]
    once, twice = collector(), collector()
    for here, told_of in ((once, [lessons]), (twice, [lessons, lessons[2:]])):
        for sequence, some in enumerate(told_of, start=1):
            here.add(Contribution(0, sequence, 5, 5, some), sequence)
        here.add(told(0, 9, 5, done=True), 9)
        here.add(told(1, 1, 5, done=True), 10)

    expected, found = once.close(), twice.close()

    assert expected is not None
    assert found is not None
    assert encode_almanac(found) == encode_almanac(expected)
