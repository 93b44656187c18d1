"""What open pages share instead of each asking for it."""

from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock, Mock

from agents.console.backend import Backend
from agents.rollups.model import WorkItem


async def test_pages_that_ask_at_one_moment_share_one_look_at_the_work() -> None:
    backend = Backend.__new__(Backend)
    backend._work = None
    backend.rollups = Mock(all_work=AsyncMock(return_value=[WorkItem("p-1", "complaint", "c-1")]))

    found = await asyncio.gather(*(backend.all_work() for _ in range(100)))

    assert {one.id for work in found for one in work} == {"p-1"}
    assert backend.rollups.all_work.await_count == 1


async def test_a_reader_that_goes_away_takes_nothing_from_the_others() -> None:
    backend = Backend.__new__(Backend)
    backend._work = None
    asked = asyncio.Event()

    async def slowly() -> list[WorkItem]:
        await asked.wait()
        return []

    backend.rollups = Mock(all_work=slowly)
    gone, stays = asyncio.create_task(backend.all_work()), asyncio.create_task(backend.all_work())
    await asyncio.sleep(0)

    gone.cancel()
    asked.set()

    assert await stays == []
