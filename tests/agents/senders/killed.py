"""Senders that die by kill -9 when the provider has the message, each followed by one that lives.

``python -m tests.agents.senders.killed STORE KIND WHERE MOMENT TIMES``: KIND is email, sms, file, webhook or desk,
WHERE the provider's port or file, MOMENT ``receipt`` (it was noted, and nobody was told) or ``ledger`` (it was not even
noted).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agents.senders.ledger import SendingStep
from agents.senders.provider import Provider
from agents.senders.sms import FileSms
from agents.senders.twilio import TwilioSms
from agents.senders.webhook import WebhookProvider
from schemas.fields import Channel
from tests.agents.senders.sending import SECRET, Shop, action, anna, redis_at, smtp

_CHANNELS: dict[str, Channel] = {"email": "email", "sms": "sms", "file": "sms", "webhook": "email", "desk": "desk"}


def provider(kind: str, where: str) -> Provider:
    """The provider of that kind."""
    if kind == "file":
        return FileSms(Path(where))
    if kind == "sms":
        return TwilioSms("AC" + "0" * 32, "token", "Lindmoor", base_url=f"http://127.0.0.1:{where}")
    return WebhookProvider(f"http://127.0.0.1:{where}/in", SECRET) if kind in ("webhook", "desk") else smtp(int(where))


async def _send(store: str, kind: str, where: str, action_id: str, dies: str) -> str:
    """Send one message, or die of it; returns what receipts say."""
    client = redis_at(store)
    channel = _CHANNELS[kind]
    shop = Shop(client, provider(kind, where), anna(), channel)
    kept = shop.ledger.write

    async def die_telling(
        topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    async def die_noting(action_id: str, step: SendingStep, *told: Any, **more: Any) -> None:
        if step is SendingStep.ACCEPTED:
            os.kill(os.getpid(), signal.SIGKILL)
        await kept(action_id, step, *told, **more)

    if dies == "receipt":
        shop.receipts.send = die_telling  # type: ignore[method-assign]  # the moment of the kill
    elif dies == "ledger":
        shop.ledger.write = die_noting  # type: ignore[method-assign]  # the moment of the kill
    rule = "complaint_routed" if channel == "desk" else "complaint_acknowledged"
    await shop.take(action(rule, channel, action_id=action_id))
    await client.aclose()
    return " ".join(":".join(filter(None, told)) for told in shop.receipts.short)


def _warm(store: str) -> None:
    """What the first message loads (zones, templates) is loaded before processes are forked, not by each of them."""
    with TemporaryDirectory() as folder:
        asyncio.run(_send(store, "file", f"{folder}/sms.jsonl", "f" * 32, ""))


def main(store: str, kind: str, where: str, moment: str, times: int) -> None:
    """Kill a sender again and again; processes are forked, as starting one takes longer than sending."""
    _warm(store)
    for number in range(times):
        for dies in (moment, ""):
            child = os.fork()
            if child == 0:
                sys.stdout.write(asyncio.run(_send(store, kind, where, f"{number:032x}", dies)) + "\n")
                sys.stdout.flush()
                os._exit(0)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status) == bool(dies), status


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
