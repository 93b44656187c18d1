"""``tend snapshot`` and ``tend restore``: the store into files, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agents.recovery.restore import Restore, Restored
from agents.recovery.snapshot import Saved, Snapshot
from agents.screen import say
from agents.server_check import reachable_settings
from schemas.errors import DependencyUnavailable, TendError
from schemas.times import to_rfc3339


def snapshot(
    folder: Annotated[Path, typer.Argument(help="A folder to make; it must not hold a snapshot.")],
) -> None:
    """Write all that the store holds into a folder, while the workers go on.

    For when the topics delete events before a customer's life is over: then tend rebuild cannot make that record anew,
    and a snapshot with the events since can. Take one more often than the topics delete.

    Example: tend snapshot /backup/tend-2026-01-31
    """
    settings = reachable_settings(store=True)
    try:
        manifest = asyncio.run(Snapshot(settings, folder, _tell_saved).run())
    except DependencyUnavailable as error:
        raise TendError(f"{error}. Nothing is broken: run tend snapshot again.") from error
    size = sum(lane.size for lane in manifest.lanes)
    say(f"{len(manifest.lanes)} lanes in {folder}, {size / 1e6:,.1f} MB")


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a snapshot.")],
) -> None:
    """Read a snapshot back into an empty store; workers go on from there, and send nothing a second time.

    Stop all workers first. The topics must still hold what came after the snapshot.

    Example: TEND_REDIS_URL=redis://127.0.0.1:6379/1 tend restore /backup/tend-2026-01-31
    """
    settings = reachable_settings(store=True)
    try:
        lanes = asyncio.run(Restore(settings, folder, _tell_restored).run())
    except DependencyUnavailable as error:
        raise TendError(f"{error}. Nothing is broken: run tend restore again.") from error
    say(f"{sum(lane.customers for lane in lanes):,} records of {len(lanes)} lanes; start the workers")


def _tell_saved(lane: Saved) -> None:
    say(f"lane {lane.partition}: {lane.images:,} records, {lane.size:,} bytes, up to {to_rfc3339(lane.time)}")


def _tell_restored(lane: Restored) -> None:
    say(f"lane {lane.partition}: {lane.customers:,} records, up to {to_rfc3339(lane.time)}")
