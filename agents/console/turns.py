"""Whose turn it is: what somebody waits for goes before what changes by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_STREAMS: Final = "/live/"


class Turns:
    """Counts the requests that somebody waits for, so that others can stand back meanwhile."""

    def __init__(self) -> None:
        self._waited_for = 0
        self._nobody_waits = asyncio.Event()
        self._nobody_waits.set()

    def begin(self) -> None:
        """Somebody waits for an answer from now on."""
        self._waited_for += 1
        self._nobody_waits.clear()

    def end(self) -> None:
        """They have it."""
        self._waited_for -= 1
        if not self._waited_for:
            self._nobody_waits.set()

    async def stand_back(self, seconds: float) -> None:
        """Wait until nobody waits for an answer, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nobody_waits.wait()


class Waited:
    """Tells ``Turns`` of each request but the streams, which have no end."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self._app, self._turns = app, turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_STREAMS):
            await self._app(scope, receive, send)
            return
        self._turns.begin()
        try:
            await self._app(scope, receive, send)
        finally:
            self._turns.end()
