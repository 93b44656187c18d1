"""What the world does to events between two watermarks: other orders, and sending again. For tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from agents.replay.plan import Interval
from agents.replay.replay import Disturb
from agents.replay.told import Told
from schemas.ids import hash64
from schemas.times import Millis


def in_order(interval: Interval) -> list[Told]:
    """As they happened."""
    return interval.events


def shuffled(seed: int) -> Disturb:
    """In any order between two watermarks."""

    def disturb(interval: Interval) -> list[Told]:
        return sorted(interval.events, key=lambda told: hash64("shuffle", str(seed), told.id))

    return disturb


def twice(interval: Interval) -> list[Told]:
    """Each event again at once."""
    return [told for event in interval.events for told in (event, event)]


def again(after: Millis) -> Disturb:
    """Each event once more, with what happens this much later; what is left comes with the last interval."""
    waiting: deque[Told] = deque()

    def disturb(interval: Interval) -> list[Told]:
        waiting.extend(interval.events)
        sent = list(interval.events)
        while waiting and (interval.finishes or waiting[0].time + after < interval.time):
            sent.append(waiting.popleft())
        return sent

    return disturb


def both(first: Callable[[Interval], list[Told]], second: Disturb) -> Disturb:
    """One after the other."""
    return lambda interval: second(interval._replace(events=first(interval)))
