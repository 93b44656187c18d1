"""What a sender needs, of real parts: a store, a server for mail; records and receipts at hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from redis.asyncio import Redis

from agents.access import AccessKeys, AuditEntry
from agents.links import Links
from agents.messages.samples import MessageSample, sample
from agents.senders.email import Dkim, SmtpProvider, SmtpServer
from agents.senders.ledger import Ledger
from agents.senders.numbers import Numbers
from agents.senders.pace import Rate
from agents.senders.provider import Provider
from agents.senders.resolver import Resolver
from agents.senders.sender import Sender, SenderParts
from agents.senders.waiting import Waiting
from rules.loading import shipped
from schemas.actions import AnyAction, encode_action
from schemas.codec import encode_record
from schemas.fields import Channel
from schemas.profile import Profile
from schemas.record import VERSION, Consent, CustomerRecord
from schemas.times import Millis, to_millis

NOON: Millis = to_millis(datetime(2026, 11, 12, 17, tzinfo=UTC))
"""Noon in New York, where the shipped store is."""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEYS = AccessKeys.of(b"a secret of sixteen bytes and more")


def anna(**changes: Any) -> CustomerRecord:
    """A customer who allows everything by mail and SMS."""
    profile = Profile(name="Anna Berg", email="anna@mail.test", phone="+12025550143", locale="en-US")
    consents = [
        Consent(channel, purpose, True, NOON) for channel in ("email", "sms") for purpose in ("service", "marketing")
    ]
    record = CustomerRecord(VERSION, "sample", NOON, profile=profile, consents=consents)
    for name, value in changes.items():
        setattr(record, name, value)
    return record


def action(rule: str = "birthday_greeting", channel: Channel = "email", at: Millis = NOON, **changes: Any) -> AnyAction:
    """An action as it lies on its topic."""
    known = shipped().rule(rule)
    assert known is not None
    given = sample(shipped(), known, MessageSample("en-US", at), channel)
    return given.model_copy(update=changes)


class Records:
    """The store's customers, of whom there is one."""

    def __init__(self, record: CustomerRecord | None) -> None:
        self.record = record

    async def customer(self, partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        return (encode_record(self.record) if self.record else None), None


class Silent:
    """An audit trail that nobody reads: a sender's opening is told by its receipt."""

    async def write(self, entry: AuditEntry) -> None:
        raise AssertionError("a sender opens without a line in the audit trail")


class Receipts:
    """What was written to ``care.receipts``."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    async def send(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        assert topic == "care.receipts"
        self.told.append(orjson.loads(value))
        return len(self.told)

    @property
    def short(self) -> list[tuple[str, str]]:
        """Type and reason of each."""
        return [(one["type"], one.get("reason", "")) for one in self.told]


class Shop:
    """A sender with everything around it."""

    def __init__(
        self,
        client: Any,
        provider: Provider,
        record: CustomerRecord | None,
        channel: str = "email",
        *,
        watches: bool = False,
    ) -> None:
        self.now = NOON
        self.paused: list[float] = []
        self.records = Records(record)
        self.receipts = Receipts()
        self.links = Links(client, "store", KEYS.links, "https://lindmoor.example")
        self.ledger = Ledger(client, "store", channel)
        self.numbers = Numbers(client, "store")
        self.limit: int | None = None
        self.sender = Sender(
            SenderParts(
                channel=channel,
                provider=provider,
                resolver=Resolver(self.records, self.links, Silent(), 8, notices_opening=watches),
                ledger=self.ledger,
                waiting=Waiting(client, "store", channel),
                receipts=self.receipts,
                keys=KEYS,
                partitions=8,
                rate=Rate(1_000),
                daily_limit=lambda: self.limit,
                numbers=self.numbers if channel == "sms" else None,
                now=lambda: self.now,
                sleep=self._sleep,
            )
        )

    async def _sleep(self, seconds: float) -> None:
        self.paused.append(seconds)

    async def take(self, *actions: AnyAction) -> None:
        await self.sender.take([encode_action(one) for one in actions])


def smtp(port: int, signing: Dkim | None = None, bounces: str = "") -> SmtpProvider:
    return SmtpProvider(SmtpServer("127.0.0.1", port, timeout_seconds=5), signing, bounces)


def redis_at(address: str) -> Any:
    return Redis.from_url(address)
