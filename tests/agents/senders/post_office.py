"""A real SMTP server that keeps what it is given, and answers as it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class PostOffice:
    """Keeps mails; ``answers`` are given first, one for each recipient named."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.senders: list[str] = []
        self.answers: list[str] = []
        self.arrived = threading.Event()
        self.port = 0

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=policy.default) for one in self.raw]

    @property
    def ids(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.mails]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.raw.append(envelope.content)
        self.senders.append(envelope.mail_from)
        self.arrived.set()
        return "250 kept"


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """A post office that is open until the block ends, in a thread of its own."""
    office = PostOffice()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    talking: list[SMTP] = []

    def listen() -> SMTP:
        talking.append(SMTP(office, enable_SMTPUTF8=True, loop=loop))
        return talking[-1]

    opening = loop.create_server(listen, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(20)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(_close(server, talking), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _close(server: asyncio.Server, talking: list[SMTP]) -> None:
    """Hang up, and wait until every conversation is over."""
    server.close()
    for one in talking:
        if isinstance(one.transport, asyncio.WriteTransport):
            one.transport.abort()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*rest, return_exceptions=True)
