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
        self._entries: list[tuple[Millis, str, Rulebook]] = [(since, first.version, first)]

    def add(self, rulebook: Rulebook, since: Millis) -> None:
        """From ``since`` on this rulebook is in force, whatever was published for that moment before."""
        self._entries = [known for known in self._entries if known[0] != since]
        insort(self._entries, (since, rulebook.version, rulebook), key=lambda entry: entry[0])

    def at(self, moment: Millis) -> tuple[str, Millis, Rulebook]:
        """Version, moment from which it is in force, and rulebook for this moment (the first one before any)."""
        index = max(0, bisect_right(self._entries, moment, key=lambda entry: entry[0]) - 1)
        since, version, rulebook = self._entries[index]
        return version, since, rulebook

    def next_change(self, after: Millis) -> Millis:
        """When another rulebook comes into force, later than ``after``; far away if never."""
        index = bisect_right(self._entries, after, key=lambda entry: entry[0])
        return self._entries[index][0] if index < len(self._entries) else FAR_AWAY
