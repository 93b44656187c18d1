"""One order across topics: by time, so that a customer's order, visit and complaint come as they happened."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter

import msgspec

from schemas.times import Millis
from streams.ingest import Arrival


def in_order(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Everything that lies between two watermarks, by (time, event id): the order of arrival does not matter."""
    return sorted(arrivals, key=lambda arrival: (arrival.at, arrival.event.id))


_at = attrgetter("at")


class Queue(msgspec.Struct):
    """What a lane has read of one topic and not yet handled."""

    arrivals: list[Arrival] = []
    """``at`` never falls: a topic's own order is its offsets, so each takes the running maximum."""
    latest: Millis = 0
    """That running maximum."""
    caught_up: bool = False
    """True where nothing readable lies behind what was read."""

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Append what was read next."""
        latest = self.latest
        for arrival in arrivals:
            if arrival.at < latest:
                arrival.at = latest
            else:
                latest = arrival.at
        self.latest = latest
        self.arrivals.extend(arrivals)


def horizon_of(queues: Mapping[str, Queue], now: Millis) -> Millis:
    """How far time may go: never past the head of a backlog that was not read yet."""
    return min((queue.latest for queue in queues.values() if not queue.caught_up), default=now)


def release(queues: Mapping[str, Queue], horizon: Millis, limit: int) -> list[Arrival]:
    """Take what may be handled now, in one total order by (time, event id), a topic's own order kept."""
    ready = [_ready(queue.arrivals, horizon, limit) for queue in queues.values() if queue.arrivals]
    taken = ready[0] if len(ready) == 1 else _merged([some for some in ready if some])[:limit]
    _drop(queues, taken)
    return taken


def _ready(arrivals: Sequence[Arrival], horizon: Millis, limit: int) -> list[Arrival]:
    """Of one topic: no more than may be released in all."""
    some = list(arrivals[:limit])
    if some and some[-1].at > horizon:
        del some[bisect_right(some, horizon, key=_at) :]
    return some


def _merged(streams: Sequence[list[Arrival]]) -> list[Arrival]:
    """By time; where several happened at one moment, topics are merged by event id."""
    merged = sorted(chain.from_iterable(streams), key=_at)
    if len(streams) < 2:
        return merged
    begin = 0
    for index in range(1, len(merged) + 1):
        if index < len(merged) and merged[index].at == merged[begin].at:
            continue
        if index - begin > 1:
            merged[begin:index] = _of_one_moment(merged[begin:index])
        begin = index
    return merged


def _of_one_moment(arrivals: Sequence[Arrival]) -> list[Arrival]:
    topics: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        topics.setdefault(arrival.topic, []).append(arrival)
    return list(heapq.merge(*topics.values(), key=lambda arrival: arrival.event.id))


def _drop(queues: Mapping[str, Queue], taken: Sequence[Arrival]) -> None:
    counts: dict[str, int] = {}
    for arrival in taken:
        counts[arrival.topic] = counts.get(arrival.topic, 0) + 1
    for topic, count in counts.items():
        del queues[topic].arrivals[:count]
