"""What records add to sums and lists: counts over all, by day and by minute, and rows of customers and rules."""

from __future__ import annotations

from collections.abc import Mapping

from agents.rollups.model import Changes
from schemas.times import DAY, MINUTE, Millis, to_datetime


class Sums:
    """Adds to the sums and lists of one batch.

    Args:
        changes: what the batch changes.
        erased: when customers asked to be forgotten: of what lies before that nothing is kept, whenever it is read.
        now: by the clock; where given, minutes are counted too.
    """

    def __init__(self, changes: Changes, erased: Mapping[str, Millis], now: Millis | None) -> None:
        self._changes, self._erased, self._now = changes, erased, now

    def count(self, name: str, by: int = 1) -> None:
        """Add to a sum over all."""
        self._changes.counts[name] = self._changes.counts.get(name, 0) + by

    def bucket(self, at: Millis, name: str, by: int = 1) -> None:
        """Add to a sum of the day, and of the minute where that is not long ago."""
        self.of_day(at, name, by)
        if self._now is not None and abs(self._now - at) < DAY:
            minute = self._changes.minutes.setdefault(at // MINUTE, {})
            minute[name] = minute.get(name, 0) + by

    def of_day(self, at: Millis, name: str, by: int = 1) -> None:
        """Add to a sum of the day."""
        day = self._changes.days.setdefault(f"{to_datetime(at):%Y%m%d}", {})
        day[name] = day.get(name, 0) + by

    def row(self, customer: str, name: str, body: bytes, at: Millis) -> None:
        """Add to a list of a customer, unless they were forgotten since."""
        if not self.is_forgotten(customer, at):
            self.row_of(name, customer, body)

    def is_forgotten(self, customer: str, at: Millis) -> bool:
        """Whether a customer has asked since to be forgotten. Topics are read side by side: that may be read first."""
        return at <= self._erased.get(customer, -1)

    def row_of(self, name: str, of: str, body: bytes) -> None:
        """Add to a list of anything."""
        self._changes.rows.setdefault((name, of), []).append(body)
