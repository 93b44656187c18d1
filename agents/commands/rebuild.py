"""``tend rebuild``: all records anew from Kafka, into an empty store."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from agents.recovery.rebuild import Rebuild, Rebuilt
from agents.screen import say
from agents.server_check import reachable_settings
from schemas.errors import DependencyUnavailable, TendError
from schemas.times import to_rfc3339


def rebuild(
    to_the_end: Annotated[
        bool,
        typer.Option("--to-the-end", help="In service: count all of the log as handled, even what no worker acted on."),
    ] = False,
) -> None:
    """Make all records anew from Kafka, into an empty store, without sending anything again.

    Stop all workers first. After a replay the records come out the same to the byte. In service they are made by the
    time of the events, as far as the workers had come; rules are applied as they were in force, and nothing of it is
    sent. From there the workers go on, and leave out what is out already.

    Example: TEND_REDIS_URL=redis://127.0.0.1:6379/1 tend rebuild
    """
    settings = reachable_settings(store=True)
    try:
        lanes = asyncio.run(Rebuild(settings, _tell, to_the_end=to_the_end).run())
    except DependencyUnavailable as error:
        raise TendError(f"{error}. Nothing is broken: run tend rebuild again.") from error
    say(f"{sum(lane.customers for lane in lanes):,} records of {len(lanes)} lanes; start the workers")


def _tell(lane: Rebuilt) -> None:
    left = f", {lane.unpublished} messages still to be published" if lane.unpublished else ""
    say(f"lane {lane.partition}: {lane.customers:,} records, up to {to_rfc3339(lane.time)}{left}")
