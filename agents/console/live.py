"""What changes by itself: one stream of a page's parts, made once a second for all who look at the same."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import orjson
from starlette.responses import StreamingResponse

from schemas.errors import DependencyUnavailable

_SECONDS: Final = 1.0
AWAY: Final = "!"
"""Instead of a part's id: what does not answer."""
_SILENT: Final = 2
"""Looks without a change after which a sign of life is sent."""

Render = Callable[[], Awaitable[dict[str, str]]]


class _Channel:
    """One page in one language: its parts as they are now, and those who look at it."""

    def __init__(self, render: Render) -> None:
        self.render = render
        self.readers: set[asyncio.Queue[bytes]] = set()
        self.marks: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        self.task: asyncio.Task[None] | None = None


class Live:
    """Streams by key; a key is made of all that changes what is shown."""

    def __init__(self) -> None:
        self._channels: dict[str, _Channel] = {}

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return sum(len(channel.readers) for channel in self._channels.values())

    def stream(self, key: str, render: Render) -> StreamingResponse:
        """A stream of the parts that ``render`` gives, each only when it has changed."""
        return StreamingResponse(
            self._events(key, render),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _events(self, key: str, render: Render) -> AsyncIterator[bytes]:
        channel = self._channels.setdefault(key, _Channel(render))
        mine: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)
        channel.readers.add(mine)
        if channel.task is None:
            channel.task = asyncio.create_task(self._keep(channel))
        yield b"retry: 2000\n\n"
        if channel.parts:
            yield _event(channel.parts)
        try:
            while True:
                yield await mine.get()
        finally:
            channel.readers.discard(mine)
            if not channel.readers:
                self._channels.pop(key, None)
                channel.task.cancel()

    async def _keep(self, channel: _Channel) -> None:
        silent = 0
        while True:
            try:
                changed = _changed(channel, await channel.render())
            except DependencyUnavailable as away:
                changed = {}
                _tell(channel, _event({AWAY: str(away)}))
            silent = 0 if changed else silent + 1
            if changed or silent >= _SILENT:
                silent = 0
                _tell(channel, _event(changed))
            await asyncio.sleep(_SECONDS)


def _changed(channel: _Channel, parts: dict[str, str]) -> dict[str, str]:
    marks = {name: hashlib.blake2b(html.encode(), digest_size=8).hexdigest() for name, html in parts.items()}
    changed = {name: html for name, html in parts.items() if channel.marks.get(name) != marks[name]}
    channel.marks, channel.parts = marks, parts
    return changed


def _event(parts: dict[str, str]) -> bytes:
    return b"data: " + orjson.dumps(parts) + b"\n\n"


def _tell(channel: _Channel, event: bytes) -> None:
    for reader in channel.readers:
        if reader.full():  # somebody slow: they get all parts anew instead of what they have missed
            while not reader.empty():
                reader.get_nowait()
            event = _event(channel.parts)
        reader.put_nowait(event)
