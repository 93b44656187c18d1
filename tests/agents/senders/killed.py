"""Senders that die by kill -9 when the provider has the message and nobody was told, each followed by one that
lives."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from tests.agents.senders.sending import Shop, action, anna, redis_at, smtp


async def _send(store: str, port: int, action_id: str, *, dies: bool) -> None:
    client = redis_at(store)
    shop = Shop(client, smtp(port), anna())

    async def die(
        topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    if dies:
        shop.receipts.send = die  # type: ignore[method-assign]  # the moment of the kill
    await shop.take(action(action_id=action_id))
    sys.stdout.write(" ".join(kind for kind, _ in shop.receipts.short) + "\n")
    sys.stdout.flush()
    await client.aclose()


def main(store: str, port: int, times: int) -> None:
    """Kill a sender so many times; processes are forked, as starting one takes longer than sending."""
    for number in range(times):
        for dies in (True, False):
            child = os.fork()
            if child == 0:
                asyncio.run(_send(store, port, f"{number:032x}", dies=dies))
                os._exit(0)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status) == dies, status


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
