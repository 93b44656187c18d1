"""What changes by itself: the parts of each page that is open, made once for all who look at it.

Pages are looked at one after the other, each once a second at most, and between them whoever asked for a page is
answered. With many open pages each is told less often; a page that is asked for does not come later for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Final

import orjson
from starlette.responses import StreamingResponse

from agents.console.turns import Turns
from schemas.errors import DependencyUnavailable, TendError

log = logging.getLogger(__name__)

_SECONDS: Final = 1.0
_LEAST_REST: Final = 0.05
"""Seconds without a look, however long the last round took."""
_LONGEST_BACK: Final = 0.5
"""Seconds that a look stands back for pages that are asked for."""
AWAY: Final = "!"
"""Instead of a part's id: what does not answer."""
_SILENT: Final = 2.0
"""Seconds without a change after which a sign of life is sent."""

Render = Callable[[], Awaitable[dict[str, str]]]
Mark = Callable[[], Awaitable[Hashable]]
"""What a page is made from, in short: while it stays the same, the page does. None where only making it tells."""


class _Channel:
    """One page in one language: its parts as they are now, and those who look at it."""

    def __init__(self, render: Render, mark: Mark) -> None:
        self.render, self.mark = render, mark
        self.made_from: Hashable = None
        self.readers: set[asyncio.Queue[bytes]] = set()
        self.marks: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        self.told = 0.0


class Live:
    """Streams by key; a key is made of all that changes what is shown.

    Args:
        turns: who is waited for.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._channels: dict[str, _Channel] = {}
        self._rounds: asyncio.Task[None] | None = None

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return sum(len(channel.readers) for channel in self._channels.values())

    def stream(self, key: str, render: Render, mark: Mark) -> StreamingResponse:
        """A stream of the parts that ``render`` gives, each only when it has changed."""
        return StreamingResponse(
            self._events(key, render, mark),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _events(self, key: str, render: Render, mark: Mark) -> AsyncIterator[bytes]:
        channel = self._channels.setdefault(key, _Channel(render, mark))
        mine: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)
        channel.readers.add(mine)
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._go_round())
        try:
            yield b"retry: 2000\n\n"
            if channel.parts:
                yield _event(channel.parts)
            while True:
                yield await mine.get()
        finally:
            channel.readers.discard(mine)
            if not channel.readers:
                self._channels.pop(key, None)

    async def _go_round(self) -> None:
        """Look at what is open, round after round, while anything is."""
        time = asyncio.get_running_loop().time
        while self._channels:
            began = time()
            for channel in list(self._channels.values()):
                await self._turns.stand_back(_LONGEST_BACK)
                if channel.readers:
                    await self._at(channel)
            await asyncio.sleep(max(_SECONDS - (time() - began), _LEAST_REST))

    async def _at(self, channel: _Channel) -> None:
        """Look at one page; where that fails it stays as it is, and its readers see that it does."""
        look = asyncio.create_task(_look(channel))
        try:
            await asyncio.wait([look])
        finally:
            look.cancel()
        if not look.cancelled() and (error := look.exception()) is not None:
            log.error("A page that is open cannot be brought up to date", exc_info=error)


async def _look(channel: _Channel) -> None:
    moment = asyncio.get_running_loop().time()
    try:
        made_from = await channel.mark()
        same = made_from is not None and made_from == channel.made_from
        changed = {} if same else _changed(channel, await channel.render())
        channel.made_from = made_from
    except (DependencyUnavailable, TendError) as away:
        _tell(channel, _event({AWAY: str(away)}))
        return
    if changed or moment - channel.told >= _SILENT:
        channel.told = moment
        _tell(channel, _event(changed))


def _changed(channel: _Channel, parts: dict[str, str]) -> dict[str, str]:
    marks = {name: hashlib.blake2b(html.encode(), digest_size=8).hexdigest() for name, html in parts.items()}
    changed = {name: html for name, html in parts.items() if channel.marks.get(name) != marks[name]}
    channel.marks, channel.parts = marks, parts
    return changed


def _event(parts: dict[str, str]) -> bytes:
    return b"data: " + orjson.dumps(parts) + b"\n\n"


def _tell(channel: _Channel, event: bytes) -> None:
    every = b""
    for reader in channel.readers:
        if reader.full():  # somebody slow: they get all parts anew instead of what they have missed
            while not reader.empty():
                reader.get_nowait()
            every = every or _event(channel.parts)
            reader.put_nowait(every)
        else:
            reader.put_nowait(event)
