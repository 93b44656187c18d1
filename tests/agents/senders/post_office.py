"""A real SMTP server that keeps what it is given, and answers as it is told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult


class PostOffice:
    """Keeps mails; ``answers`` are given first, one for each recipient named."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.senders: list[str] = []
        self.answers: list[str] = []
        self.data_answers: list[str | None] = []
        """To mails that were handed over whole; None hangs up without a word."""
        self.recipients: list[list[str]] = []
        self.safe: list[bool] = []
        """Whether each mail came over TLS."""
        self.signed_in: list[bytes] = []
        """Passwords that were told."""
        self.users: list[bytes] = []
        """Who was said to sign in."""
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
        answer = self.data_answers.pop(0) if self.data_answers else "250 kept"
        if answer is None:
            server.transport.abort()
            answer = "250 kept"
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.senders.append(envelope.mail_from)
            self.recipients.append(envelope.rcpt_tos)
            self.safe.append(session.ssl is not None)
            self.arrived.set()
        return answer

    def signs_in(self, server: Any, session: Any, envelope: Any, mechanism: str, told: Any) -> AuthResult:
        """Whether a password is the right one."""
        self.signed_in.append(told.password)
        self.users.append(told.login)
        return AuthResult(success=told.password == b"right", handled=False)


@contextmanager
def post_office(tls: ssl.SSLContext | None = None, *, asks_password: bool = False) -> Iterator[PostOffice]:
    """A post office that is open until the block ends, in a thread of its own.

    Args:
        tls: to offer STARTTLS with.
    """
    office = PostOffice()
    asked: dict[str, Any] = {"tls_context": tls}
    if asks_password:
        asked |= {"auth_require_tls": False, "authenticator": office.signs_in}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    talking: list[SMTP] = []

    def listen() -> SMTP:
        talking.append(SMTP(office, enable_SMTPUTF8=True, loop=loop, **asked))
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
