"""Where invented and real events are written down until their day has come."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from agents.replay.event import ReplayEvent

DAY: Final = 86_400
"""Seconds; inside the simulator a moment is a count of seconds since the epoch, UTC."""


_CLOCK: Final = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def stamp(at: int) -> str:
    """The moment as RFC 3339 text in UTC: ``2017-01-01T11:53:26Z``."""
    day, second = divmod(at, DAY)
    return f"{_date(day)}{_CLOCK[second // 60]}{second % 60:02d}Z"


class EventSchedule:
    """Events by day. What lies in the future waits here as bytes; a day is taken once nothing can be added to it."""

    def __init__(self) -> None:
        self._days: defaultdict[int, list[ReplayEvent]] = defaultdict(list)

    def tell(self, at: int, key: str, customer: str, kind: str, fields: dict[str, Any], simulated: bool = True) -> None:
        """Write an event down; ``key`` becomes its id."""
        body: dict[str, Any] = {"id": key, "type": kind, "version": 1, "customer": customer, "time": stamp(at)}
        if simulated:
            body["simulated"] = True
        body.update(fields)
        self._days[at // DAY].append(ReplayEvent(at * 1000, key, customer, kind, orjson.dumps(body)))

    def take(self, day: int) -> list[ReplayEvent]:
        """The events of a day in the order of (time, id)."""
        return sorted(self._days.pop(day, ()))
