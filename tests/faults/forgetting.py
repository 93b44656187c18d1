"""A store that forgets: its last moments, by an append-only file cut back to what it was, or everything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from agents.bootstrap import open_store
from infra.embedded import EmbeddedStore
from infra.settings import Settings


def lose(settings: Settings) -> None:
    """The store is empty."""

    async def wipe() -> None:
        async with open_store(settings) as store:
            await store.wipe()

    asyncio.run(wipe())


def written(store: EmbeddedStore) -> int:
    """Bytes of the append-only file so far; always the end of a command."""
    return _file(store).stat().st_size


def forget(store: EmbeddedStore, since: int) -> int:
    """Kill the store and start it with only what it knew at ``since`` (see ``written``); the bytes forgotten."""
    store.kill()
    file = _file(store)
    forgotten = file.stat().st_size - since
    os.truncate(file, since)
    store.start()
    return forgotten


def _file(store: EmbeddedStore) -> Path:
    (found,) = (store.directory / "appendonlydir").glob("*.incr.aof")
    return found
