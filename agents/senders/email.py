"""Mail by SMTP: one message for an action id, with one-click unsubscribe (RFC 8058) and DKIM where a key is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime
from typing import Any, Final

import aiosmtplib
import dkim

from agents.clock import wall_clock
from agents.links.links import OPENED
from agents.messages.layout import mail
from agents.senders.bounces import meaning
from agents.senders.provider import Doubtful, Outgoing, Permanent, Temporary
from schemas.errors import ConfigurationRefused
from schemas.mail_domain import in_ascii
from schemas.message import Message
from schemas.times import to_datetime

_SIGNED: Final = [
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type",
    b"list-unsubscribe", b"list-unsubscribe-post", b"auto-submitted",
]  # fmt: skip
_RESERVED: Final = (".example", ".test", ".invalid", ".localhost", "example.com", "example.org", "example.net")
"""Domains that belong to nobody (RFC 2606): a shipped sender was left as it is."""
_GREYLISTED: Final = re.compile(r"gr[ae]y-?list|\b4\.(2\.\d{1,3}|7\.1)\b", re.I)
"""A recipient who is asked for again later; others are not concerned (RFC 6647)."""
_GREYLIST_SECONDS: Final = 300.0
_LOCAL: Final = re.compile(r"[\x21-\x7e]+")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f.:]+\]")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class _Plain(UnstructuredHeader, BaseHeader):
    """A header that stands on one line as it is: the library would encode a long address, and nobody decodes that."""

    def fold(self, *, policy: Policy[Any]) -> str:
        """See ``BaseHeader.fold``."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Plain)
_POLICY: Final = EmailPolicy(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Dkim:
    """A key to sign with."""

    selector: str
    key: bytes
    """PEM."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: bool = False
    """From the first byte; else STARTTLS where the server offers it."""
    timeout_seconds: float = 30.0

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine, where nobody listens in between."""
        return self.host in _LOOPBACK

    @property
    def start_tls(self) -> bool | None:
        """Whether STARTTLS is a must; None for where it is offered. A password goes nowhere in clear."""
        return True if self.username and not self.tls and not self.is_here else None


class SmtpProvider:
    """Hands mail to a server.

    SMTP knows no idempotency key: who dies between the server's yes and the ledger is in doubt.
    """

    repeats = False

    def __init__(self, server: SmtpServer, signing: Dkim | None = None, bounces: str = "") -> None:
        self._server, self._signing, self._bounces = server, signing, bounces

    async def send(self, message: Outgoing) -> str:
        """See ``Provider.send``. The reference is the Message-ID."""
        written = compose_mail(message)
        for name, told in _named_to(self._server.host, message.action.action_id).items():
            written[name] = told
        reference = str(written["Message-ID"])
        sender = str(written["From"].addresses[0].addr_spec)
        if _belongs_to_nobody(sender) and not self._server.is_here:
            raise ConfigurationRefused(
                f"the sender {sender} is the demo's. Set brand.sender in the defaults of the rulebook to your own"
            )
        returns = returning(message.action.action_id, self._bounces) if self._bounces else sender
        await self._hand_over(returns, str(written["To"]), self._signed(written.as_bytes(), sender))
        return reference

    def _signed(self, body: bytes, sender: str) -> bytes:
        body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if self._signing is None:
            return body
        domain = sender.rpartition("@")[2].encode()
        present = {line.split(b":")[0].lower() for line in body.partition(b"\r\n\r\n")[0].split(b"\r\n")}
        headers = [name for name in _SIGNED if name in present]
        signature: bytes = dkim.sign(
            body, self._signing.selector.encode(), domain, self._signing.key, include_headers=headers
        )
        return signature + body

    async def _hand_over(self, sender: str, recipient: str, body: bytes) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, use_tls=server.tls, timeout=server.timeout_seconds,
            username=server.username or None, password=server.password or None, start_tls=server.start_tls,
            validate_certs=not server.is_here,
        )  # fmt: skip
        with closing(client):
            # Greeting, password and sender are the store's: none of it is this customer's fault, and it can be mended.
            with _step(lambda no: Temporary(f"smtp_{no.code}"), Temporary):
                await client.connect()
                await client.mail(sender)
            with _step(_refused, Temporary):
                await client.rcpt(recipient)
            with _step(_refused, Doubtful):  # the server may have said yes to what nobody heard
                await client.data(body)


@contextmanager
def _step(
    refused: Callable[[aiosmtplib.SMTPResponseException], Exception], lost: type[Temporary | Doubtful]
) -> Iterator[None]:
    """One step of handing over: what it is when the server says no, and when the connection is lost."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as no:
        raise refused(no) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise lost(type(error).__name__) from None


def compose_mail(message: Outgoing) -> EmailMessage:
    """The mail with its headers.

    Raises:
        ConfigurationRefused: the brand has no sender, or marketing lacks its postal address or way out.
    """
    action, told = message.action, _message(message)
    brand = told.brand
    if brand.sender is None:
        raise ConfigurationRefused("no sender. Set brand.sender in the defaults of the rulebook")
    if action.purpose == "marketing" and not (brand.legal and "unsubscribe" in message.links):
        raise ConfigurationRefused(
            "advertising needs a postal address and a way out. Set brand.postal and brand.base_url in the defaults"
        )
    laid_out = mail(told, message.name, message.links)
    written = EmailMessage(_POLICY)
    written["From"] = Address(brand.name, addr_spec=brand.sender)
    written["To"] = _addressed(message.address)
    if brand.reply_to:
        written["Reply-To"] = Address(brand.name, addr_spec=brand.reply_to)
    written["Subject"] = laid_out.subject
    written["Date"] = format_datetime(to_datetime(wall_clock()))
    written["Message-ID"] = message_id(action.action_id, brand.sender)
    if action.purpose == "marketing":
        written["List-Unsubscribe"] = f"<{message.links['unsubscribe']}>"
        written["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        written["Auto-Submitted"] = "auto-generated"
    written.set_content(laid_out.text, cte="quoted-printable")
    written.add_alternative(_noticed(laid_out.html, message.links), subtype="html", cte="quoted-printable")
    return written


def returning(action_id: str, bounces: str) -> str:
    """The envelope's sender of an action: what comes back names the action, even without the mail itself."""
    local, _, domain = bounces.partition("@")
    return f"{local}+{action_id}@{domain}"


def _named_to(host: str, action_id: str) -> dict[str, str]:
    """The action by headers of providers that give mails ids of their own; their webhooks tell it again."""
    if host.endswith(".postmarkapp.com"):
        return {"X-PM-Metadata-action": action_id}
    return {"X-SES-MESSAGE-TAGS": f"action={action_id}"} if host.endswith(".amazonaws.com") else {}


def _noticed(html: str, links: Mapping[str, str]) -> str:
    """The mail with the picture that tells when it is opened, where the store has switched that on."""
    if OPENED not in links:
        return html
    before, end, behind = html.rpartition("</body>")
    return f'{before}<img src="{links[OPENED]}" width="1" height="1" alt="">{end}{behind}'


def message_id(action_id: str, sender: str) -> str:
    """The Message-ID of an action: bounces name it, and servers that know it drop a second one."""
    return f"<{action_id}@{sender.rpartition('@')[2]}>"


def _message(message: Outgoing) -> Message:
    if message.action.message is None:
        raise Permanent("no_message")
    return message.action.message


def _addressed(address: str) -> Address:
    """The address as every server takes it: its local part quoted where it must be, its domain in Punycode.

    Raises:
        Permanent: its local part needs SMTPUTF8, which few servers have; or it is no address.
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise Permanent("address_not_ascii", dead=True)
    try:
        named = in_ascii(domain)
    except ValueError:
        named = ""
    if not (_DOMAIN.fullmatch(named) and _LOCAL.fullmatch(local)):
        raise Permanent("address_invalid", dead=True)
    return Address(username=local, domain=named)


def _refused(no: aiosmtplib.SMTPResponseException) -> Temporary | Permanent:
    """What an answer to a recipient, or to the mail itself, means: as in bounces; 4xx may be tried again."""
    code, text = no.code, str(no.message)
    if 400 <= code < 500:
        if code == 450 or _GREYLISTED.search(text):
            return Temporary(f"smtp_{code}", _GREYLIST_SECONDS, of_recipient=True)
        return Temporary(f"smtp_{code}")
    dead, reason = meaning("", f"{code} {text}")
    return Permanent(f"smtp_{code}" if reason == "unspecified" else reason, dead=dead)


def _belongs_to_nobody(address: str) -> bool:
    return address.rpartition("@")[2].lower().endswith(_RESERVED)
