"""A sender of one action that dies by kill -9 when its receipt is to be written, or lives."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from tests.agents.senders.sending import Shop, action, anna, redis_at, smtp


async def main(store: str, port: int, action_id: str, how: str) -> None:
    """Send it; where it is to die, at the moment when the provider has it and nobody was told."""
    client = redis_at(store)
    shop = Shop(client, smtp(port), anna())
    if how == "die":

        async def die(
            topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
        ) -> int:
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        shop.receipts.send = die  # type: ignore[method-assign]  # the moment of the kill
    await shop.take(action(action_id=action_id))
    sys.stdout.write(" ".join(kind for kind, _ in shop.receipts.short))
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
