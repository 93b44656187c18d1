"""One connection to the store for the scripts of all lanes: what is ready goes out together, and nobody waits to ask.

redis-py gives each call a connection of its own until it is answered. Here calls made in one turn of the event loop
are one write, and answers come in the order of the calls: load and commit take 235 us of CPU instead of 600, and 105
instead of 480 where four lanes ask at once. Who connects, logs in and chooses the database is redis-py all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

import hiredis
import msgspec
from redis import exceptions as redis
from redis._parsers.base import BaseParser
from redis.asyncio import Redis
from redis.commands.core import AsyncScript

_AGAIN_SECONDS = 0.05


class _Call(msgspec.Struct):
    """A call that waits for its answer."""

    answer: asyncio.Future[Any]
    asked_at: float


class ScriptPipeline(asyncio.Protocol):
    """Runs scripts, in the order in which they are asked for.

    Args:
        client: says where the store is, and how to log in.
        timeout_seconds: after this long without an answer the connection is given up.
    """

    def __init__(self, client: Redis, timeout_seconds: float) -> None:
        self._client = client
        self._timeout = timeout_seconds
        self._connecting = asyncio.Lock()
        self._transport: asyncio.Transport | None = None
        self._reader = _new_reader()
        self._out: list[bytes] = []
        self._calls: deque[_Call] = deque()
        self._watching: asyncio.TimerHandle | None = None

    async def run(self, script: AsyncScript, keys: list[str], arguments: list[Any]) -> Any:
        """The script's answer, which may be asked for twice.

        Raises:
            RedisError: what redis-py raises, too; ``ConnectionError`` where the store is away.
        """
        try:
            return await self._run(script, keys, arguments)
        except redis.ConnectionError:
            # Once, for a connection that the server closed while it was idle; all further waiting is the lane's.
            await asyncio.sleep(_AGAIN_SECONDS)
            return await self._run(script, keys, arguments)

    async def _run(self, script: AsyncScript, keys: list[str], arguments: list[Any]) -> Any:
        words = (b"EVALSHA", script.sha, str(len(keys)), *keys, *arguments)
        try:
            return await self._ask(*words)
        except redis.NoScriptError:
            await self._ask(b"SCRIPT", b"LOAD", script.script)
            return await self._ask(*words)

    async def _ask(self, *words: Any) -> Any:
        if self._transport is None:
            async with self._connecting:
                if self._transport is None:
                    await self._connect()
        loop = asyncio.get_running_loop()
        call = _Call(loop.create_future(), loop.time())
        if not self._out:
            loop.call_soon(self._flush)
        self._out.append(hiredis.pack_command(words))
        self._calls.append(call)
        return await call.answer

    async def _connect(self) -> None:
        connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # has no types
        await connection.connect()
        # Its streams are in nobody's way from here on; a writer that goes closes its transport.
        self._writer, connection._writer, connection._reader = connection._writer, None, None
        transport = cast("asyncio.Transport", self._writer.transport)
        self._reader = _new_reader()
        transport.set_protocol(self)
        transport.resume_reading()
        self._transport = transport

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None:
            self._transport.write(b"".join(out))
            self._watch(self._timeout)

    # ------------------------------------------------------------ answers

    def data_received(self, data: bytes) -> None:
        """Answers, perhaps the last of them in part."""
        self._reader.feed(data)
        while self._calls and (answer := self._reader.gets()) is not False:
            waiting = self._calls.popleft().answer
            if waiting.done():
                continue  # nobody waits for it any more
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody knows what of it was done."""
        self._give_up(redis.ConnectionError(str(exc) if exc else "Connection closed by server."))

    def _give_up(self, reason: Exception) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._out.clear()
        calls, self._calls = self._calls, deque()
        for call in calls:
            if not call.answer.done():
                call.answer.set_exception(type(reason)(str(reason)))

    def _watch(self, seconds: float) -> None:
        if self._watching is None:
            self._watching = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._watching = None
        if not self._calls:
            return
        left = self._calls[0].asked_at + self._timeout - asyncio.get_running_loop().time()
        if left > 0:
            self._watch(left)
        else:
            self._give_up(redis.TimeoutError(f"no answer within {self._timeout:g} s"))

    async def close(self) -> None:
        """Let the connection go."""
        if self._watching is not None:
            self._watching.cancel()
        self._give_up(redis.ConnectionError("closed"))


def _new_reader() -> Any:
    return hiredis.Reader(protocolError=redis.InvalidResponse, replyError=BaseParser.parse_error)
