"""One order across topics: by time, so that a customer's order, visit and complaint come as they happened."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from schemas.times import Millis
from streams.arrivals import Arrival


def in_order(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Everything that lies between two marks, by (time, event id): the order of arrival does not matter."""
    return sorted(arrivals, key=lambda arrival: (arrival.at, arrival.event.id))


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
        for arrival in arrivals:
            self.latest = arrival.at = max(self.latest, arrival.at)
        self.arrivals.extend(arrivals)


def horizon_of(queues: Mapping[str, Queue], now: Millis) -> Millis:
    """How far time may go: never past the head of a backlog that was not read yet."""
    return min((queue.latest for queue in queues.values() if not queue.caught_up), default=now)


def release(queues: Mapping[str, Queue], horizon: Millis, limit: int) -> list[Arrival]:
    """Take what may be handled now, in one total order by (time, event id), a topic's own order kept."""
    streams = [queue.arrivals for queue in queues.values() if queue.arrivals]
    merged = heapq.merge(*streams, key=lambda arrival: (arrival.at, arrival.event.id))
    taken: list[Arrival] = []
    for arrival in merged:
        if arrival.at > horizon or len(taken) >= limit:
            break
        taken.append(arrival)
    _drop(queues, taken)
    return taken


def _drop(queues: Mapping[str, Queue], taken: Sequence[Arrival]) -> None:
    counts: dict[str, int] = {}
    for arrival in taken:
        counts[arrival.topic] = counts.get(arrival.topic, 0) + 1
    for topic, count in counts.items():
        del queues[topic].arrivals[:count]
