"""Very many timers at one moment, and events beside them: both are handled to the last."""

from __future__ import annotations

import asyncio

from schemas.almanac import Almanac
from schemas.times import DAY, HOUR
from tests.agents.worker.test_lane import START, World


async def customers(here: World, many: int) -> None:
    """Until the lane knows so many."""
    known = 0
    while known < many:
        known = (await here.store.counts(0)).customers
        await asyncio.sleep(0.01)


async def test_a_crowd_is_looked_at_to_the_last_while_events_go_on() -> None:
    now = [START + HOUR]
    here = World(clock=lambda: now[0])

    async def none_yet(epoch: int) -> Almanac | None:
        return None

    here.almanacs.wait = none_yet  # type: ignore[method-assign]  # in service a lane goes on without
    for number in range(60):
        here.logs.ordered(START + number, f"c-{number}", f"o-{number}")
    here.start()
    await customers(here, 60)

    now[0] = START + 15 * DAY
    seen = 0
    while (await here.store.load(0, [], due_until=now[0], due_limit=60)).due:
        here.logs.viewed(now[0] - 1, f"visitor-{seen}")
        seen += 1
        await asyncio.sleep(0.01)
    await customers(here, 60 + seen)

    assert seen
    await here.stop()
