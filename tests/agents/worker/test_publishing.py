"""A lane and its publisher: what was decided goes out, and no event waits longer for it than it must."""

from __future__ import annotations

import asyncio

import pytest

from agents.worker.lane_status import Status
from schemas.times import HOUR
from schemas.topics import MESSAGES
from tests.agents.worker.test_lane import START, Make, World, world

__all__ = ["world"]


async def test_a_lane_whose_partition_is_taken_publishes_what_it_has_committed(world: Make) -> None:
    here = world()
    here.logs.event("customer.registered", START, email="a@example.org", name="Anna")
    here.logs.watermark(START + HOUR)
    here.press.stall()
    runner = here.start()
    await here.until(lambda: here.store.commits > 0)

    here.lose()
    here.press.go_on()
    await here.until(lambda: runner.status is Status.ENDED)

    assert here.press.published == (await here.state()).sequence > 0


async def test_a_lane_pauses_while_too_much_waits_to_be_published(world: Make) -> None:
    here = world(outbox_limit=10)
    for customer in range(900):
        here.logs.event("customer.registered", START, who=f"c-{customer}", email="a@example.org", name="Anna")
    here.logs.watermark(START + HOUR)
    here.press.stall()

    runner = here.start()
    await here.until(lambda: "not yet published" in runner.why)
    commits = here.store.commits
    await asyncio.sleep(0.05)

    assert here.store.commits == commits < 5, "it must not go on deciding"
    assert runner.waiting_to_publish < 900
    here.press.go_on()
    await here.until(lambda: len(here.out(MESSAGES)) == 900)


async def test_stopped_while_it_pauses_it_ends(world: Make) -> None:
    here = world(outbox_limit=1)
    for day in range(3):
        here.logs.event("customer.registered", START + day, who=f"c-{day}", email="a@example.org", name="Anna")
        here.logs.watermark(START + day + HOUR)
    here.press.stall()
    runner = here.start()
    await here.until(lambda: "not yet published" in runner.why)

    runner.stop()
    here.press.go_on()
    await here.stop()

    assert here.press.published == (await here.state()).sequence


async def test_the_next_owner_publishes_what_the_last_one_could_not(world: Make) -> None:
    here = world()
    here.logs.event("customer.registered", START, email="a@example.org", name="Anna")
    here.logs.watermark(START + HOUR)
    here.press.stall()
    here.start()
    await here.until(lambda: here.store.commits > 0)
    await here.end()
    assert here.press.published == 0

    here.press.go_on()
    here.start()
    await here.until(lambda: here.press.published > 0)

    assert len(here.out(MESSAGES)) == 1


async def register(here: World, number: int) -> None:
    """One more customer, whom the lane comes to know."""
    here.logs.event("customer.registered", START, who=f"c-{number}", email="a@example.org", name="Anna")
    known = 0
    while known <= number:
        await asyncio.sleep(0.005)
        known = (await here.store.counts(0)).customers


async def test_events_that_come_one_by_one_while_a_publish_is_under_way_are_one_batch(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.worker.lane._UNDER_WAY_SECONDS", 60.0)
    here = world(clock=lambda: START)
    here.press.stall()
    runner = here.start()
    await register(here, 0)
    await here.until(lambda: runner.waiting_to_publish > 0)
    commits = here.store.commits

    more = []
    for number in range(1, 5):
        more.append(asyncio.create_task(register(here, number)))
        await asyncio.sleep(0.02)
    assert here.store.commits == commits
    here.press.go_on()

    await asyncio.gather(*more)
    await here.until(lambda: len(here.out(MESSAGES)) == 5)
    assert here.store.commits == commits + 1


async def test_a_broker_that_takes_nothing_holds_up_no_event(world: Make) -> None:
    here = world(clock=lambda: START)
    here.press.stall()
    here.start()

    for number in range(4):
        await register(here, number)

    here.press.go_on()
    await here.until(lambda: len(here.out(MESSAGES)) == 4)
