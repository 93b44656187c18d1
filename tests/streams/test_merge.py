"""One order across topics, and how far it may go."""

from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from schemas.times import Millis
from streams.ingest import Arrival
from streams.merge import Queue, horizon_of, in_order, release
from tests.builders import START, arrived, event

TOPICS = ("a", "b", "c")


def arrival(at: Millis, topic: str = "a", offset: int = 0) -> Arrival:
    found = event("product.viewed", START + at, sku="s", id=f"{topic}-{offset}")
    return arrived(found, offset, topic=topic)


def queues(**topics: list[Millis]) -> dict[str, Queue]:
    made = {topic: Queue(caught_up=True) for topic in topics}
    for topic, times in topics.items():
        made[topic].add([arrival(at, topic, offset) for offset, at in enumerate(times)])
    return made


def places(arrivals: list[Arrival]) -> list[tuple[str, int]]:
    return [(one.topic, one.offset) for one in arrivals]


def test_between_two_marks_time_and_id_decide() -> None:
    later, first, second = arrival(5, "a", 1), arrival(1, "b", 2), arrival(1, "c", 0)

    assert places(in_order([later, second, first])) == [("b", 2), ("c", 0), ("a", 1)]


def test_a_topic_that_goes_back_in_time_keeps_its_own_order() -> None:
    here = queues(a=[10, 5], b=[7])

    assert places(release(here, START + 99, 99)) == [("b", 0), ("a", 0), ("a", 1)]


def test_nothing_behind_the_horizon_is_released() -> None:
    here = queues(a=[1, 5], b=[3, 9])

    assert places(release(here, START + 5, 99)) == [("a", 0), ("b", 0), ("a", 1)]
    assert places(release(here, START + 9, 99)) == [("b", 1)]


def test_no_more_than_the_limit_is_released_and_the_rest_waits() -> None:
    here = queues(a=[1, 2, 3])

    assert places(release(here, START + 9, 2)) == [("a", 0), ("a", 1)]
    assert places(release(here, START + 9, 2)) == [("a", 2)]


def test_the_horizon_is_the_head_of_the_backlog_that_was_not_read() -> None:
    here = queues(a=[1, 5], b=[3])
    assert horizon_of(here, START + 99) == START + 99

    here["a"].caught_up = False
    assert horizon_of(here, START + 99) == START + 5


def test_a_backlog_of_which_nothing_was_read_holds_everything_back() -> None:
    assert horizon_of({"a": Queue()}, START) == 0


@given(st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 50)), max_size=40), st.integers(1, 7))
def test_the_order_does_not_depend_on_how_much_is_released_at_once(told: list[tuple[str, int]], limit: int) -> None:
    times = {topic: [at for named, at in told if named == topic] for topic in TOPICS}
    at_once, in_pieces = queues(**times), queues(**times)

    whole = places(release(at_once, START + 99, 10_000))
    pieces: list[tuple[str, int]] = []
    while some := places(release(in_pieces, START + 99, limit)):
        pieces += some

    assert pieces == whole


@given(
    st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 9)), max_size=40), st.integers(0, 9), st.integers(1, 40)
)
def test_the_order_is_that_of_a_merge_by_time_and_id(told: list[tuple[str, int]], horizon: Millis, limit: int) -> None:
    here = queues(**{topic: [at for named, at in told if named == topic] for topic in TOPICS})
    merged = heapq.merge(*(queue.arrivals for queue in here.values()), key=lambda one: (one.at, one.event.id))
    expected = [one for one in merged if one.at <= START + horizon][:limit]

    assert places(release(here, START + horizon, limit)) == places(expected)
