"""A sender of one channel, wired from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agents.access import AuditLog, access_keys
from agents.bootstrap import open_store, open_tables
from agents.links import Links
from agents.rulebooks import own_rulebook
from agents.senders.email import Dkim, SmtpProvider, SmtpServer
from agents.senders.ledger import Ledger
from agents.senders.numbers import Numbers
from agents.senders.pace import Rate, warm_up
from agents.senders.provider import Provider
from agents.senders.resolver import Resolver
from agents.senders.sender import Sender, SenderParts
from agents.senders.sms import FileSms
from agents.senders.twilio import WEBHOOK, TwilioSms
from agents.senders.waiting import Waiting
from agents.senders.webhook import WebhookProvider
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.settings import Settings
from schemas.errors import ConfigurationRefused


@asynccontextmanager
async def open_sender(settings: Settings, channel: str, provider: Provider) -> AsyncIterator[Sender]:
    """The sender, with its connections open until the block ends."""
    base_url = own_rulebook(settings).defaults.brand.base_url
    if base_url is None:
        raise ConfigurationRefused("links need an address. Set brand.base_url in the defaults of the rulebook")
    store, tables = open_store(settings), open_tables(settings)
    producer, keys = AcknowledgedProducer(KafkaConnection.of(settings)), access_keys(settings)
    links = Links(tables.client, tables.address, keys.links, base_url)
    parts = SenderParts(
        channel=channel,
        provider=provider,
        resolver=Resolver(
            store, links, AuditLog(producer), settings.partitions, notices_opening=settings.notice_opening
        ),
        ledger=Ledger(tables.client, tables.address, channel),
        waiting=Waiting(tables.client, tables.address, channel),
        receipts=producer,
        keys=keys,
        partitions=settings.partitions,
        rate=Rate(settings.sends_per_second),
        daily_limit=lambda: warm_up(_age(settings.sender_since), settings.warm_up, None),
        numbers=Numbers(tables.client, tables.address) if channel == "sms" else None,
    )
    try:
        yield Sender(parts)
    finally:
        await producer.close()
        await store.close()
        await tables.close()


def smtp_of(settings: Settings) -> SmtpProvider:
    """Mail as the settings describe it."""
    parts = urlsplit(settings.smtp)
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    tls = parts.scheme == "smtps"
    server = SmtpServer(
        parts.hostname or "127.0.0.1", parts.port or (465 if tls else 25), unquote(parts.username or ""), password, tls
    )
    key = settings.dkim_key.get_secret_value().encode() if settings.dkim_key and settings.dkim_selector else None
    return SmtpProvider(server, Dkim(settings.dkim_selector, key) if key else None, settings.bounce_address)


def sms_of(settings: Settings, base_url: str = "") -> FileSms | TwilioSms:
    """SMS as the settings describe it.

    Args:
        base_url: of the gateway, where providers tell what became of a message; without https they are not asked to.
    """
    kind, _, rest = settings.sms.partition(":")
    if kind == "file":
        return FileSms(Path(rest))
    account, _, sender = rest.partition(":")
    if settings.sms_token is None:
        raise ConfigurationRefused("TEND_SMS_TOKEN: expected the token of the SMS provider")
    told_at = f"{base_url.rstrip('/')}{WEBHOOK}" if base_url.startswith("https://") else ""
    return TwilioSms(account, settings.sms_token.get_secret_value(), sender, told_at)


def webhook_of(settings: Settings) -> WebhookProvider:
    """Webhooks as the settings describe them."""
    if not settings.webhook_url or settings.webhook_secret is None:
        raise ConfigurationRefused("set TEND_WEBHOOK_URL and TEND_WEBHOOK_SECRET to where actions are to be posted")
    return WebhookProvider(settings.webhook_url, settings.webhook_secret.get_secret_value())


def _age(since: str) -> int:
    """Whole days since a date; many where none is given."""
    return (datetime.now(UTC).date() - date.fromisoformat(since)).days if since else 10_000
