"""All doors of the gateway; those of another system only where its secret is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from pydantic import SecretStr
from starlette.routing import BaseRoute, Route

from agents.access import AccessKeys, Admitted, Audit
from agents.clock import wall_clock
from agents.connectors.known_orders import KnownOrders
from agents.gateway.admission import ServerAdmission
from agents.gateway.bounces import BounceDoor
from agents.gateway.events import EventDoor
from agents.gateway.intake import Intake
from agents.gateway.keys import read_keys
from agents.gateway.mail_events import MailEventDoor
from agents.gateway.mail_signatures import MailgunSignature, SendGridSignature, Signature
from agents.gateway.replies import ReplyDoor
from agents.gateway.segment import CALLS, SegmentDoor
from agents.gateway.spent_tokens import SpentTokens
from agents.gateway.throttle import Throttle
from agents.gateway.twilio import TwilioDoor
from agents.gateway.webhooks import SHOPIFY, WOOCOMMERCE, System, WebhookDoor
from agents.imports.statuses import told_statuses
from agents.links.linked import CustomerRecords
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger
from agents.senders.mail_news import MailDesk
from agents.senders.numbers import Numbers
from agents.senders.replies import Replies
from agents.senders.sms_outcomes import SmsOutcomes
from agents.senders.twilio import WEBHOOK
from infra.settings import Settings
from infra.store import Tables
from infra.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What doors stand on."""

    settings: Settings
    intake: Intake
    customers: CustomerRecords
    tables: Tables
    keys: AccessKeys
    audit: Audit
    write: Callable[[Admitted], Awaitable[None]]
    telemetry: Telemetry
    throttle: Throttle
    base_url: str
    """Of the gateway, as customers and providers reach it."""


def doors(parts: DoorParts) -> list[BaseRoute]:
    """The doors that the settings open."""
    settings, intake, throttle = parts.settings, parts.intake, parts.throttle
    keys = read_keys(_secret(settings.gateway_keys))
    events = EventDoor(intake, keys, throttle)
    segment = SegmentDoor(intake, keys, throttle, settings.segment_currency)
    servers = ServerAdmission(keys, throttle)
    mails = MailDesk(_later(parts, "email"))
    woocommerce = replace(WOOCOMMERCE, states=told_statuses(list(settings.woocommerce_statuses)))
    posts = ["POST", "OPTIONS"]
    return [
        Route("/v1/events", events.answer, methods=posts),
        *(Route(f"/v1/{name}", segment.one, methods=posts) for name in CALLS),
        *(Route(f"/v1/{name}", segment.batch, methods=posts) for name in ("batch", "b")),
        *_webhooks(parts, SHOPIFY, settings.shopify_secret),
        *_webhooks(parts, woocommerce, settings.woocommerce_secret),
        Route("/v1/bounces", BounceDoor(mails, servers, parts.telemetry).answer, methods=["POST"]),
        _mail_events(parts, mails, servers),
        Route("/v1/replies", ReplyDoor(_replies(parts), servers, intake.tally).answer, methods=["POST"]),
        *_twilio(parts),
    ]


def _mail_events(parts: DoorParts, mails: MailDesk, servers: ServerAdmission) -> Route:
    signatures: dict[str, Signature] = {}
    if keys := _each(parts.settings.sendgrid_verification_key):
        signatures["sendgrid"] = SendGridSignature(keys, wall_clock)
    if keys := _each(_secret(parts.settings.mailgun_signing_key)):
        spent = SpentTokens(parts.tables.client, parts.tables.address)
        signatures["mailgun"] = MailgunSignature(keys, spent, wall_clock)
    door = MailEventDoor(mails, servers, parts.intake.tally, signatures)
    return Route("/v1/mail-events", door.answer, methods=["POST"])


def _webhooks(parts: DoorParts, system: System, secret: SecretStr | None) -> list[BaseRoute]:
    secrets = _each(_secret(secret))
    if not secrets:
        return []
    orders = KnownOrders(parts.tables.client, parts.tables.address, system.name)
    door = WebhookDoor(system, secrets, parts.intake, orders, parts.throttle)
    return [Route(f"/webhooks/{system.name}", door.answer, methods=["POST"])]


def _twilio(parts: DoorParts) -> list[BaseRoute]:
    settings, token = parts.settings, _secret(parts.settings.sms_token)
    if not settings.sms.startswith("twilio:") or not token:
        return []
    outcomes = SmsOutcomes(_later(parts, "sms"))
    door = TwilioDoor(token, parts.base_url, outcomes, _replies(parts), parts.throttle, parts.intake.tally)
    return [Route(WEBHOOK, door.answer, methods=["POST"])]


def _replies(parts: DoorParts) -> Replies:
    numbers = Numbers(parts.tables.client, parts.tables.address)
    return Replies(
        numbers, parts.customers, parts.audit, parts.write, parts.keys, parts.settings.partitions, wall_clock
    )


def _later(parts: DoorParts, channel: str) -> LaterReceipts:
    ledger = Ledger(parts.tables.client, parts.tables.address, channel)
    return LaterReceipts(ledger, parts.write, parts.keys, parts.settings.partitions, wall_clock)


def _each(told: str) -> tuple[str, ...]:
    return tuple(filter(None, (one.strip() for one in told.split(","))))


def _secret(told: SecretStr | None) -> str:
    return told.get_secret_value() if told else ""
