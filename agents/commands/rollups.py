"""``tend rollups``: the keeper of what console and API show."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Final

from agents.access import access_keys
from agents.bootstrap import open_store, open_tables
from agents.commands.serving import begin, on_signals
from agents.rollups.keeper import RollupKeeper
from agents.rollups.store import RollupStore
from infra.event_loop import run
from infra.settings import Settings

_NICER: Final = 5
"""Lanes and pages go first where processors are scarce: figures may come a moment later."""


def rollups() -> None:
    """Keep the figures, timelines and search that console and API show. It ends where another one is at work.

    Console and API start one by themselves where there is none; run it by hand to have it on a machine of its own.

    Example: TEND_BROKERS=kafka:9092 TEND_REDIS_URL=redis://redis:6379/0 tend rollups
    """
    run(_rollups(begin("rollups")))


async def _rollups(settings: Settings) -> None:
    os.nice(_NICER)
    async with open_tables(settings) as tables, open_store(settings) as store:
        kept = RollupStore(tables.client, tables.address, settings.partitions)
        keeping = asyncio.create_task(RollupKeeper(settings, store, kept, access_keys(settings)).run())

        def stop() -> None:
            keeping.cancel()

        on_signals(stop)
        with suppress(asyncio.CancelledError):
            await keeping
