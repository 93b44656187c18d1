"""What the world does to events between two watermarks: other orders, and sending again. For tests."""

from __future__ import annotations

from collections import deque

from agents.replay.event import ReplayEvent
from agents.replay.plan import Interval
from agents.replay.replay import Perturb
from schemas.ids import hash64
from schemas.times import Millis


def in_order(interval: Interval) -> list[ReplayEvent]:
    """As they happened."""
    return interval.events


def shuffled(seed: int) -> Perturb:
    """In any order between two watermarks."""

    def perturb(interval: Interval) -> list[ReplayEvent]:
        return sorted(interval.events, key=lambda told: hash64("shuffle", str(seed), told.id))

    return perturb


def twice(interval: Interval) -> list[ReplayEvent]:
    """Each event again at once."""
    return [told for event in interval.events for told in (event, event)]


def again(after: Millis) -> Perturb:
    """Each event once more, with what happens this much later; what is left comes with the last interval."""
    waiting: deque[ReplayEvent] = deque()

    def perturb(interval: Interval) -> list[ReplayEvent]:
        waiting.extend(interval.events)
        sent = list(interval.events)
        while waiting and (interval.finishes or waiting[0].time + after < interval.time):
            sent.append(waiting.popleft())
        return sent

    return perturb


def both(first: Perturb, second: Perturb) -> Perturb:
    """One after the other."""
    return lambda interval: second(interval._replace(events=list(first(interval))))
