"""``tend replay``: a history into the topics."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agents.replay.display import shown
from agents.replay.feed import ReplayOptions, feed
from agents.replay.file import EventFile, read_file
from agents.replay.plan import EVERY
from agents.replay.replay import EventHistory, Progress
from agents.screen import say, say_json
from agents.server_check import expect_servers
from infra.settings import load_settings
from schemas.errors import DependencyUnavailable, TendError
from schemas.times import DAY, Millis, to_millis, to_rfc3339

_TEACHING = 28 * DAY
"""A journey begins in the middle of its households' lives: at first it only teaches, or regulars would be welcomed."""


def replay(
    events: Annotated[
        Path | None, typer.Option(help="A file of events, one JSON object a line; plain or gzip.")
    ] = None,
    journey: Annotated[bool, typer.Option("--journey", help="The Complete Journey, a year of real orders.")] = False,
    weeks: Annotated[int | None, typer.Option(help="Weeks of the journey; the whole year by default.", min=1)] = None,
    households: Annotated[
        int | None, typer.Option(help="Households of the journey, sampled; all 2,469.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is simulated around the orders.")] = 1,
    simulated: Annotated[bool, typer.Option(help="Whether anything is simulated around the orders.")] = True,
    act_from: Annotated[
        str | None,
        typer.Option(
            help="Before this moment nothing is sent to anybody, while records and models learn: a date, a time "
            "with its zone, or `end` for all of it. A journey acts from its 29th day, a file from its beginning."
        ),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Events a second; as fast as it goes by default.", min=0.1)
    ] = None,
    watermark_every: Annotated[
        int, typer.Option(help="Events between two watermarks, at most.", min=1, max=100_000)
    ] = EVERY,
    watermarks: Annotated[
        bool, typer.Option(help="Watermarks make a replay exact; without them order is a matter of luck.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Send nothing if a line of the file is bad.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Send a history through the topics in event time. Killed, the same command goes on where it was.

    Examples:

      tend replay --events history.jsonl.gz --act-from end

      tend replay --journey --weeks 8
    """
    console = Console(stderr=True)
    settings = load_settings()
    if (events is None) == (not journey):
        raise TendError("Say what to replay: either --events FILE or --journey.")
    source: EventHistory
    if events is not None:
        source = _file(events, strict, console)
    else:
        source = _journey(weeks, households, seed, simulated)
    acting = _moment(act_from, source) if act_from else (source.start + _TEACHING if journey else 0)
    expect_servers(settings)
    options = ReplayOptions(acting, watermark_every, watermarks, speed)
    try:
        last = deque(shown(feed(settings, source, options), source, console), maxlen=1)
    except DependencyUnavailable as error:
        raise TendError(f"{error}. Nothing is lost: the same command goes on where this one stopped.") from error
    _summary(source, last[0] if last else None, as_json)


def _journey(weeks: int | None, households: int | None, seed: int, simulated: bool) -> EventHistory:
    from agents.simulate.journey import Journey  # reads with what only the demo's extra brings

    days = 7 * weeks if weeks else Journey().days
    return Journey(days=days, households=households, seed=seed, simulated=simulated)


def _file(path: Path, strict: bool, console: Console) -> EventFile:
    with console.status(f"reading {path.name}"):
        found = read_file(path)
    if found.bad_count:
        for bad in found.bad:
            say(f"{path.name}, {bad}", err=True)
        told = f"{found.bad_count:,} lines are no events of the contract (docs/events.md)"
        if strict:
            raise TendError(f"{told}; nothing was sent. Mend them, or leave --strict out to go on without them.")
        say(f"{told} and are left out.", err=True)
    if found.unsorted_at is not None:
        say(f"{path.name} is not in the order of time (line {found.unsorted_at}): sorting it on disk.", err=True)
    return found


def _moment(text: str, source: EventHistory) -> Millis:
    if text == "end":
        return source.end
    try:
        moment = datetime.fromisoformat(text)
        return to_millis(moment.replace(tzinfo=UTC) if len(text) == len("2026-01-31") else moment)
    except ValueError:
        raise TendError(
            f"--act-from {text}: expected a date (2026-01-31), a time with its zone (2026-01-31T09:00:00Z) or `end`."
        ) from None


def _summary(source: EventHistory, last: Progress | None, as_json: bool) -> None:
    if as_json:
        told = {
            "replay": source.name,
            "from": to_rfc3339(source.start),
            "to": to_rfc3339(source.end),
            "events": last.read if last else 0,
            "records_sent": last.sent if last else 0,
            "watermarks": last.number + 1 if last else 0,
            "left_out": source.bad_count if isinstance(source, EventFile) else 0,
        }
        say_json(told)
    elif last is None:
        say(f"{source.name} was complete already; nothing was sent.")
    else:
        span = f"{to_rfc3339(source.start)[:10]} to {to_rfc3339(source.end)[:10]}"
        say(f"{last.read:,} events from {span} are in, {last.sent:,} of them sent now.")
