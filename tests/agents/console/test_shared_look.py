"""What open pages share instead of each asking for it."""

from __future__ import annotations

import asyncio

from agents.console.shared_look import SharedLook


async def test_who_asks_at_one_moment_shares_one_look() -> None:
    shared, looks = SharedLook[int](60), [0]

    async def look() -> int:
        looks[0] += 1
        return 7

    assert set(await asyncio.gather(*(shared.at("work", look) for _ in range(100)))) == {7}
    assert looks == [1]


async def test_another_question_is_another_look() -> None:
    shared = SharedLook[str](60)

    async def first() -> str:
        return "first"

    async def second() -> str:
        return "second"

    assert [await shared.at(1, first), await shared.at(2, second)] == ["first", "second"]


async def test_an_answer_does_not_stand_for_ever() -> None:
    shared, looks = SharedLook[int](-1), [0]

    async def look() -> int:
        looks[0] += 1
        return looks[0]

    assert [await shared.at("", look), await shared.at("", look)] == [1, 2]


async def test_whoever_goes_away_takes_nothing_from_the_others() -> None:
    shared, asked = SharedLook[int](60), asyncio.Event()

    async def slowly() -> int:
        await asked.wait()
        return 7

    gone, stays = (asyncio.create_task(shared.at("", slowly)) for _ in range(2))
    await asyncio.sleep(0)

    gone.cancel()
    asked.set()

    assert await stays == 7
