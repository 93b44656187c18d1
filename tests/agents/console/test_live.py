"""Open pages: made once for all who look, never before a page that somebody waits for, and each on its own feet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson
import pytest

from agents.console.live import AWAY, Live
from agents.console.turns import Turns, Waited
from schemas.errors import DependencyUnavailable

Parts = dict[str, str]


async def nothing_tells() -> None: ...


@asynccontextmanager
async def opened(
    live: Live,
    key: str,
    render: Callable[[], Awaitable[Parts]],
    mark: Callable[[], Awaitable[Hashable]] = nothing_tells,
) -> AsyncIterator[AsyncIterator[bytes]]:
    """A page that is open; what its stream brings."""
    stream = cast("Any", live.stream(key, render, mark).body_iterator)
    assert await anext(stream) == b"retry: 2000\n\n"
    try:
        yield stream
    finally:
        await stream.aclose()


async def told(stream: AsyncIterator[bytes]) -> Parts:
    """The next parts that are told."""
    return cast("Parts", orjson.loads((await anext(stream)).removeprefix(b"data: ")))


async def test_all_who_look_at_a_page_share_what_is_made_once() -> None:
    live, made = Live(Turns()), [0]

    async def render() -> Parts:
        made[0] += 1
        return {"list": f"made {made[0]} times"}

    async with opened(live, "rules", render) as one, opened(live, "rules", render) as another:
        assert await told(one) == await told(another) == {"list": "made 1 times"}

    assert made == [1]


async def test_only_what_has_changed_is_told() -> None:
    live, made = Live(Turns()), [0]

    async def render() -> Parts:
        made[0] += 1
        return {"stays": "as it is", "counts": str(made[0])}

    async with opened(live, "now", render) as stream:
        assert await told(stream) == {"stays": "as it is", "counts": "1"}
        assert await told(stream) == {"counts": "2"}


async def test_a_page_is_not_made_again_while_what_it_is_made_from_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.console.live._SECONDS", 0.0)
    marks, made = iter("aaab"), [0]

    async def render() -> Parts:
        made[0] += 1
        return {"side": str(made[0])}

    async def mark() -> str:
        return next(marks, "b")

    async with opened(Live(Turns()), "customer", render, mark) as stream:
        assert await told(stream) == {"side": "1"}
        assert await told(stream) == {"side": "2"}

    assert made == [2]


async def test_open_pages_stand_back_while_somebody_waits_for_one() -> None:
    turns, order = Turns(), list[str]()
    live = Live(turns)

    async def render() -> Parts:
        order.append("open page")
        return {"list": "there"}

    turns.begin()
    async with opened(live, "rules", render) as stream:
        for _ in range(5):
            await asyncio.sleep(0)
        order.append("page asked for")
        turns.end()
        await told(stream)

    assert order == ["page asked for", "open page"]


async def test_open_pages_do_not_wait_for_ever_for_a_page_that_does_not_come() -> None:
    turns = Turns()
    turns.begin()

    async def render() -> Parts:
        return {"list": "there"}

    async with opened(Live(turns), "rules", render) as stream:
        assert await told(stream) == {"list": "there"}


async def nothing_comes() -> dict[str, Any]:
    return {}


async def nobody_hears(_: Any) -> None: ...


@pytest.mark.parametrize(("path", "waits"), [("/desk", True), ("/api/health", True), ("/live/desk", False)])
async def test_whoever_asks_for_a_page_is_waited_for_and_a_stream_is_not(path: str, waits: bool) -> None:
    turns, order = Turns(), list[str]()

    async def app(*_: Any) -> None:
        standing_back = asyncio.create_task(turns.stand_back(60))
        await asyncio.sleep(0)
        order.append("answered" if standing_back.done() else "others stand back")
        standing_back.cancel()
        raise ValueError("and it fails")

    with pytest.raises(ValueError, match="it fails"):
        await Waited(app, turns)({"type": "http", "path": path}, nothing_comes, nobody_hears)

    assert order == ["others stand back" if waits else "answered"]
    await turns.stand_back(60)  # whatever became of it, nobody waits any more


async def test_a_page_that_fails_keeps_no_other_from_being_told(caplog: pytest.LogCaptureFixture) -> None:
    live = Live(Turns())

    async def broken() -> Parts:
        raise ValueError("a slot that nobody fills")

    async def sound() -> Parts:
        return {"list": "there"}

    with caplog.at_level(logging.ERROR):
        async with opened(live, "broken", broken), opened(live, "sound", sound) as stream:
            assert await told(stream) == {"list": "there"}

    assert "cannot be brought up to date" in caplog.text


async def test_what_does_not_answer_is_told_instead_of_a_part() -> None:
    async def away() -> Parts:
        raise DependencyUnavailable("the store does not answer")

    async with opened(Live(Turns()), "now", away) as stream:
        assert await told(stream) == {AWAY: "the store does not answer"}


async def test_a_page_that_nobody_looks_at_is_made_no_longer() -> None:
    live, made = Live(Turns()), [0]

    async def render() -> Parts:
        made[0] += 1
        return {"list": str(made[0])}

    async with opened(live, "rules", render) as stream:
        await told(stream)
    assert live.readers == 0
    before = made[0]

    async with opened(live, "desk", lambda: asyncio.sleep(0, {"queue": "there"})) as stream:
        await told(stream)

    assert made == [before]
