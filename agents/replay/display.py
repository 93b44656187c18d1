"""How far a replay is, for people: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from agents.replay.replay import EventHistory, Progress
from schemas.times import to_rfc3339

_SECONDS_BETWEEN_LINES = 5.0


def shown(progress: Iterable[Progress], source: EventHistory, console: Console) -> Iterator[Progress]:
    """Pass the progress on, and show rate and event date while it goes."""
    return _bar(progress, source, console) if console.is_terminal else _lines(progress, source, console)


def _bar(progress: Iterable[Progress], source: EventHistory, console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.fields[date]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[sent]:,} events  {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    began = time.monotonic()
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=source.end - source.start, date=_date(source.start), sent=0, rate=0.0)
        for step in progress:
            rate = step.sent / max(time.monotonic() - began, 1e-3)
            done = step.time - source.start
            bar.update(task, completed=done, date=_date(step.time), sent=step.read, rate=rate)
            yield step


def _lines(progress: Iterable[Progress], source: EventHistory, console: Console) -> Iterator[Progress]:
    began = said = time.monotonic()
    for step in progress:
        now = time.monotonic()
        if now - said >= _SECONDS_BETWEEN_LINES or step.finished:
            said = now
            part = 100 * (step.time - source.start) / max(1, source.end - source.start)
            rate = step.sent / max(now - began, 1e-3)
            console.print(f"{_date(step.time)}  {part:3.0f} %  {step.read:,} events  {rate:,.0f}/s", highlight=False)
        yield step


def _date(moment: int) -> str:
    return to_rfc3339(moment)[:10]
