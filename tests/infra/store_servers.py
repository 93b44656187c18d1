"""Servers and wires for the tests of the store: a small Cluster, and a wire that loses answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from infra.embedded import EmbeddedStore
from infra.embedded.process import free_port

SLOTS, NODES = 16_384, 3


def command(client: Redis, *words: str | int) -> Any:
    """What an operator types at the server."""
    return client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py has no types here


@contextmanager
def cluster_of_three(directory: Path) -> Iterator[Sequence[EmbeddedStore]]:
    """Three servers that share the slots of a Redis Cluster."""
    with ExitStack() as stack:
        # By default a node talks to others on its port plus 10,000, which may lie beyond the last port.
        buses = [free_port() for _ in range(NODES)]
        nodes = [stack.enter_context(_cluster_node(directory / f"on-{bus}", bus)) for bus in buses]
        clients = [stack.enter_context(Redis.from_url(node.url, decode_responses=True)) for node in nodes]
        for number, client in enumerate(clients):
            last = SLOTS * (number + 1) // NODES - 1
            command(client, "CLUSTER ADDSLOTSRANGE", SLOTS * number // NODES, last)
        for node, bus in zip(nodes[1:], buses[1:], strict=True):
            host, port = node.address.split(":")
            command(clients[0], "CLUSTER MEET", host, port, bus)
        _wait_until_whole(clients)
        yield nodes


def _cluster_node(directory: Path, bus: int) -> EmbeddedStore:
    settings = {"cluster-enabled": "yes", "cluster-node-timeout": "5000", "cluster-port": str(bus)}
    return EmbeddedStore(directory, "everysec", extra=settings)


def _wait_until_whole(clients: Sequence[Redis]) -> None:
    deadline = time.monotonic() + 30
    while not all(_is_whole(client) for client in clients):
        if time.monotonic() > deadline:
            raise TimeoutError("the servers did not become a Cluster")
        time.sleep(0.05)


def _is_whole(client: Redis) -> bool:
    try:
        info = command(client, "CLUSTER INFO")
    except Unreachable:
        return False
    return bool(info["cluster_state"] == "ok" and info["cluster_slots_assigned"] == str(SLOTS))


class LossyWire:
    """A TCP proxy that can lose the server's next answers: the request arrives, the connection breaks."""

    def __init__(self, server: EmbeddedStore) -> None:
        self._target = server.address.split(":")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.answers_to_lose = 0
        """Answers, of any length, that are still to be lost."""
        self.lose_only_after = b""
        """Only answers to requests with these bytes are lost."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where clients connect to."""
        assert self._server is not None
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        far_reader, far_writer = await asyncio.open_connection(self._target[0], int(self._target[1]))
        try:
            await self._talk(reader, writer, far_reader, far_writer)
        except ConnectionError:
            pass
        finally:
            far_writer.close()
            writer.close()

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        while request := await reader.read(1 << 24):
            far_writer.write(request)
            answer = await far_reader.read(1 << 24)
            if self.answers_to_lose and self.lose_only_after in request:
                self.answers_to_lose -= 1
                return
            writer.write(answer)
            await writer.drain()
