"""The rulebooks known to a lane, each in force from its own moment."""

from __future__ import annotations

from bisect import bisect_right, insort

from rules.rulebook import Rulebook
from schemas.times import Millis

FAR_AWAY: Millis = 1 << 62
"""Later than any moment."""


class RulebookSchedule:
    """Rulebooks by the moment from which they are in force; of two for one moment the one published later counts."""

    def __init__(self, first: Rulebook, since: Millis = 0) -> None:
        self._shelves: list[tuple[Millis, str, Rulebook]] = [(since, first.version, first)]

    def add(self, rulebook: Rulebook, since: Millis) -> None:
        """From ``since`` on this rulebook is in force, whatever was published for that moment before."""
        self._shelves = [known for known in self._shelves if known[0] != since]
        insort(self._shelves, (since, rulebook.version, rulebook), key=lambda shelf: shelf[0])

    def at(self, moment: Millis) -> tuple[str, Millis, Rulebook]:
        """Version, moment from which it is in force, and rulebook for this moment (the first one before any)."""
        index = max(0, bisect_right(self._shelves, moment, key=lambda shelf: shelf[0]) - 1)
        since, version, rulebook = self._shelves[index]
        return version, since, rulebook

    def next_change(self, after: Millis) -> Millis:
        """When another rulebook comes into force, later than ``after``; far away if never."""
        index = bisect_right(self._shelves, after, key=lambda shelf: shelf[0])
        return self._shelves[index][0] if index < len(self._shelves) else FAR_AWAY
