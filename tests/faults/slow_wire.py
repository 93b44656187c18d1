"""A wire between a client and a server that is late, narrow, and now and then cut in the middle of an answer."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from typing import Self

from infra.embedded.process import HOST, free_port

_PIECE = 16_384


class SlowWire:
    """Passes bytes on as they come, until it is told otherwise.

    Args:
        target: the port of the server on 127.0.0.1.
        seed: from which the moments of the cuts are drawn.
        port: where clients connect to; 0 takes a free one.
    """

    def __init__(self, target: int, seed: int, port: int = 0) -> None:
        self.port = port or free_port()
        self._target = target
        self._dice = random.Random(seed)
        self.latency = 0.0
        """Seconds that each piece takes, in either direction."""
        self.bytes_per_second = float("inf")
        self.cut_share = 0.0
        """Share of the pieces of answers (0 to 1) of which only the first half arrives; then the connection is gone."""
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """``host:port`` for clients."""
        return f"{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def spoil(self, *, latency: float = 0.0, bytes_per_second: float = float("inf"), cut_share: float = 0.0) -> None:
        """From now on it is like this; with nothing said it is as good as new."""
        self.latency, self.bytes_per_second, self.cut_share = latency, bytes_per_second, cut_share

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0.01)  # an aborted connection is let go in the loop's next turn

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._connect(client, to_client)
        to_client.transport.abort()

    async def _connect(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(HOST, self._target)
        ways = [
            asyncio.ensure_future(self._pass_on(client, to_server, answers=False)),
            asyncio.ensure_future(self._pass_on(server, to_client, answers=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_server.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        """One direction, until either end or a cut ends it."""
        while piece := await reader.read(_PIECE):
            if self.latency:
                await asyncio.sleep(self.latency + len(piece) / self.bytes_per_second)
            cut = answers and self._dice.random() < self.cut_share
            writer.write(piece[: len(piece) // 2] if cut else piece)
            await writer.drain()
            if cut:
                self.cuts += 1
                await asyncio.sleep(0.01)  # what was written goes out before the connection is aborted
                return
