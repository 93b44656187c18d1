"""Shows how far the replay and the slowest lane have come."""

from __future__ import annotations

import time
from bisect import bisect_right
from types import TracebackType
from typing import Self

from rich.console import Console as Screen
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agents.replay.replay import Progress as Sent
from schemas.times import DAY, Millis, to_rfc3339

_LINE_SECONDS = 5.0


class Follower:
    """A bar at a terminal, a line every few seconds elsewhere.

    Args:
        start: event time at which the replay begins.
        end: event time of its last watermark.
    """

    def __init__(self, screen: Screen, start: Millis, end: Millis) -> None:
        self._screen = screen
        self._start, self._end = start, end
        self._began = time.monotonic()
        self._sent: list[tuple[Millis, int]] = [(0, 0)]
        self._spoke: dict[str, float] = {}
        columns = (
            TextColumn("{task.description:9}"),
            BarColumn(),
            TextColumn("{task.fields[date]}  {task.fields[rate]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=screen, disable=not screen.is_terminal)
        days = (end - start) // DAY
        self._sending = self._bar.add_task("sent", total=days, date="", rate="")
        self._deciding = self._bar.add_task("decided", total=days, date="", rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def sent(self, progress: Sent) -> None:
        """The replay has written a watermark."""
        self._sent.append((progress.time, progress.read))
        self._show(self._sending, "sent", progress.time)

    def reached(self, moment: Millis) -> None:
        """The slowest lane has come to this moment."""
        self._show(self._deciding, "decided", moment)

    def _show(self, task: TaskID, what: str, moment: Millis) -> None:
        now = time.monotonic()
        events = self._sent[bisect_right(self._sent, moment, key=lambda sent: sent[0]) - 1][1]
        rate = f"{events / max(now - self._began, 1e-9):,.0f} events/s"
        done = max(0, moment - self._start) / DAY
        self._bar.update(task, completed=done, date=_date(moment), rate=rate)
        if not self._screen.is_terminal and now - self._spoke.get(what, 0.0) > _LINE_SECONDS:
            self._spoke[what] = now
            self._screen.print(f"{what} up to {_date(moment)}: {events:,} events, {rate}")


def _date(moment: Millis) -> str:
    return to_rfc3339(moment)[:10] if moment > 0 else "-"
