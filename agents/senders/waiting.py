"""Actions that may not be sent yet: quiet hours, a spread, a provider that is away. The store keeps them in order."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.actions import decode_action
from schemas.times import Millis

_AT_ONCE: Final = 100


class Waiting:
    """What waits on one channel. Bodies of actions hold nothing personal."""

    def __init__(self, client: Client, address: str, channel: str) -> None:
        self._client, self._address = client, address
        self._key = f"tend:waiting:{channel}"

    async def put(self, body: bytes, until: Millis) -> None:
        """Keep an action until then; it is safe when this returns."""
        await self._ask(self._client.zadd(self._key, {body: until}))

    async def due(self, now: Millis) -> list[bytes]:
        """Some of those whose time has come, the earliest first."""
        found = await self._ask(self._client.zrangebyscore(self._key, 0, now, start=0, num=_AT_ONCE))
        return [one if isinstance(one, bytes) else str(one).encode() for one in found]

    async def done(self, body: bytes, now: Millis) -> None:
        """It was handled at this moment; where it was put off again, to later, it waits on."""
        until = await self._ask(self._client.zscore(self._key, body))
        if until is not None and until <= now:
            await self._ask(self._client.zrem(self._key, body))

    async def erase(self, customer: str) -> None:
        """Let go of what waits for a customer."""
        for body in await self._of(customer):
            await self._ask(self._client.zrem(self._key, body))

    async def holds(self, customer: str) -> bool:
        """Whether anything waits for a customer."""
        return bool(await self._of(customer))

    async def _of(self, customer: str) -> list[bytes]:
        bodies = await self._ask(self._client.zrange(self._key, 0, -1))
        return [body for body in bodies if decode_action(body).customer == customer]

    async def _ask(self, answer: Awaitable[Any] | Any) -> Any:
        with translate_errors(self._address):
            return await answer
