"""Whole senders, from Kafka to the receipt, that die by kill -9 as soon as the mail server has one more mail.

``python -m tests.agents.senders.killed_loop BROKERS STORE PORT TIMES``: TIMES senders die, then one lives until
all is told; prints the receipts that each has written.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from redis import Redis

from agents.senders.consuming import open_consumer, run
from agents.senders.ledger import SendingStep
from infra.kafka.connection import KafkaConnection
from infra.settings import load_settings
from tests.agents.senders.sending import Shop, anna, redis_at, smtp

GROUP = "senders-that-die"


async def _send(brokers: str, store: str, port: int, times: int, *, dies: bool) -> None:
    client = redis_at(store)
    shop = Shop(client, smtp(port), anna())
    kept, told = shop.ledger.write, shop.receipts.send
    accepted: list[str] = []

    async def note(action_id: str, step: SendingStep, *more: Any, **named: Any) -> None:
        await kept(action_id, step, *more, **named)
        if step is SendingStep.ACCEPTED:
            accepted.append(action_id)
        if step is SendingStep.TOLD:
            sys.stdout.write(f"{action_id}\n")
            sys.stdout.flush()

    async def tell(
        topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        if dies and accepted:
            os.kill(os.getpid(), signal.SIGKILL)
        return await told(topic, partition, key, value, headers)

    shop.ledger.write = note  # type: ignore[method-assign]  # watched
    shop.receipts.send = tell  # type: ignore[method-assign]  # the moment of the kill
    connection = KafkaConnection.of(load_settings({"brokers": brokers}))
    consumer = await asyncio.to_thread(lambda: open_consumer(connection, GROUP, name="mail-1"))
    ledger = Redis.from_url(store)

    def all_told() -> bool:
        found = [str(ledger.get(f"tend:sent:email:{number:032x}")) for number in range(times)]
        return all("told" in one for one in found)

    await run(shop.sender, consumer, all_told)
    await client.aclose()


def main(brokers: str, store: str, port: int, times: int) -> None:
    """Kill a sender again and again; senders are forked, as starting one takes longer than sending."""
    for number in range(times + 1):
        child = os.fork()
        if child == 0:
            asyncio.run(_send(brokers, store, port, times, dies=number < times))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) == (number < times), status


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
