"""Two versions of the features beside each other, until one has proved better."""

from __future__ import annotations

import msgspec
import pytest

from schemas.churn import Asked, Buying, ChurnState, Days, Score
from schemas.times import DAY, Millis
from streams.churn import ask, begin, remember_order, score, settle, shadow, versions
from streams.churn.design import FeatureSet
from streams.churn.evaluation import Point, Rehearsal
from streams.churn.learning import learn_sample
from streams.churn.packing import pack, together, unpack, without_history
from streams.churn.reading import Reading
from streams.churn.sampling import Sample
from streams.churn.versions import FIRST
from tests.streams.churn.stores import START, store

HORIZON = 7
NEEDED = 300


def look_at_little(known: Reading, buying: Buying, now: Millis, horizon: Days) -> tuple[float, ...]:
    """Two numbers that say nothing of a customer's silence."""
    return (1.0 + 0.1 * (buying.orders % 2), 1.0)


def poor(version: int) -> FeatureSet:
    return FeatureSet(version, ("odd", "one"), ("odd",), ("one", "one"), ("one", "one"), look_at_little)


def with_versions(monkeypatch: pytest.MonkeyPatch, *known: FeatureSet) -> None:
    monkeypatch.setattr(shadow, "LESSONS", NEEDED)
    for version in list(versions.VERSIONS):
        monkeypatch.delitem(versions.VERSIONS, version)
    for one in known:
        monkeypatch.setitem(versions.VERSIONS, one.version, one)


def overtaken(monkeypatch: pytest.MonkeyPatch, newer: FeatureSet) -> ChurnState:
    """A state of the first version, in a tend that has a newer one."""
    with_versions(monkeypatch, FIRST)
    state = begin([HORIZON])
    monkeypatch.setitem(versions.VERSIONS, newer.version, newer)
    return state


def run(state: ChurnState) -> tuple[list[Point], list[ChurnState]]:
    """The points, and the state in force at each."""
    rehearsal = Rehearsal(state, HORIZON, START)
    points, states = [], []
    for point in rehearsal.run(store(80)):
        points.append(point)
        states.append(rehearsal._used)
    return points, states


def acted_on(score: Score) -> tuple[float, float, float, bool]:
    return score.p, score.low, score.high, score.trusted


def test_newer_features_take_over_once_they_have_proved_better_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    old = poor(0)
    with_versions(monkeypatch, old)
    beginning = begin([HORIZON])
    alone, _ = run(beginning)
    monkeypatch.setitem(versions.VERSIONS, FIRST.version, FIRST)

    points, states = run(beginning)

    in_force = [state.features_version for state in states]
    switch = in_force.index(1)
    assert set(in_force[:switch]) == {0}
    assert set(in_force[switch:]) == {1}
    assert states[-1].candidate is None
    assert [acted_on(p.score) for p in points[:switch]] == [acted_on(p.score) for p in alone[:switch]]
    assert points[-1].score.features != alone[-1].score.features


def test_newer_features_that_are_worse_never_take_over_and_disturb_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with_versions(monkeypatch, FIRST)
    alone, _ = run(begin([HORIZON]))
    beginning = begin([HORIZON])
    monkeypatch.setitem(versions.VERSIONS, 2, poor(2))

    points, states = run(beginning)

    assert {state.features_version for state in states} == {1}
    candidate = states[-1].candidate
    assert candidate is not None
    assert candidate.features_version == 2
    assert candidate.horizons[0].quality.lessons > 0.0
    assert [acted_on(p.score) for p in points] == [acted_on(p.score) for p in alone]


def test_a_candidate_travels_with_the_almanac_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    _, states = run(overtaken(monkeypatch, poor(2)))
    state = states[-1]

    again = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=ChurnState)

    assert again == state
    empty = Sample(10)
    assert learn_sample(again, 200, empty, {}) == learn_sample(state, 200, empty, {})


def test_a_candidate_of_features_that_this_tend_does_not_know_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    state = learn_sample(overtaken(monkeypatch, poor(2)), 0, Sample(10), {})
    assert state.candidate is not None
    monkeypatch.delitem(versions.VERSIONS, 2)

    assert learn_sample(state, 1, Sample(10), {}).candidate is None


def test_a_question_carries_both_versions_and_teaches_each_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    other = poor(2)
    state = learn_sample(overtaken(monkeypatch, other), 0, Sample(10), {})
    buying, asked = Buying(), Asked()
    remember_order(buying, START, 1_000)
    ask(asked, buying, START + DAY, score(state, buying, START + DAY, HORIZON), "c1", HORIZON)

    half, whole = settle(asked, START, START + 30 * DAY, "c1")

    for kind in (FIRST, other):
        early, late = unpack(kind, half.features), unpack(kind, whole.features)
        assert early is not None
        assert late is not None
        assert len(early[1]) == len(kind.names)
        assert early[2] is not None
        assert late[2] is None


def test_two_packings_come_apart_again() -> None:
    one, other = pack(FIRST, -1.0, [0.5] * len(FIRST.names), (3, 10.0, 20.0)), pack(poor(2), 1.0, [1.0, 0.0], None)

    both = together(one, other)

    assert unpack(FIRST, both) == unpack(FIRST, one)
    assert unpack(poor(2), both) == unpack(poor(2), other)
    assert without_history(both) == together(without_history(one), other)
