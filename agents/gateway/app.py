"""The gateway: doors for events and the public pages, on Starlette."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from agents.access import Admitted, AuditLog, access_keys
from agents.bootstrap import open_store, open_tables
from agents.clock import wall_clock
from agents.gateway.bounces import BounceDoor
from agents.gateway.events import EventDoor
from agents.gateway.forgetting import listen
from agents.gateway.intake import Intake, Tally
from agents.gateway.keys import WriteKey, read_keys
from agents.gateway.known_orders import KnownOrders
from agents.gateway.open_pages import OpenPages
from agents.gateway.segment import CALLS, SegmentDoor
from agents.gateway.snippet import snippet
from agents.gateway.throttle import Throttle
from agents.gateway.webhooks import SHOPIFY, WOOCOMMERCE, System, WebhookDoor
from agents.imports.statuses import told_statuses
from agents.links import Links
from agents.links.linked import LinkedCustomers
from agents.links.pages import PublicPages
from agents.rulebooks import own_rulebook
from agents.senders.bounce_intake import BounceIntake
from agents.senders.ledger import Ledger
from agents.senders.waiting import Waiting
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.metrics import LINKS_FOLLOWED
from infra.settings import Settings
from infra.store import Tables
from infra.telemetry import Telemetry
from schemas.actions import MessageAction, encode_action
from schemas.errors import DependencyUnavailable
from schemas.times import to_millis


def gateway(settings: Settings) -> Starlette:
    """The application; it connects when it starts."""
    store, tables = open_store(settings), open_tables(settings)
    producer = AcknowledgedProducer(KafkaConnection.of(settings))
    keys = access_keys(settings)
    defaults = own_rulebook(settings).defaults
    registry = CollectorRegistry()

    async def write(admitted: Admitted) -> None:
        headers = [("ce_source", b"/tend/gateway"), ("ce_id", admitted.event.id.encode())]
        await producer.send(admitted.topic, admitted.partition, admitted.key, admitted.body, headers)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        stopped = asyncio.Event()
        listening = asyncio.create_task(listen(settings, tables, stopped.is_set))
        yield
        stopped.set()
        await listening
        await producer.close()
        await store.close()
        await tables.close()

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    links = Links(tables.client, tables.address, keys.links, defaults.brand.base_url or "")
    telemetry = Telemetry(registry)
    linked = LinkedCustomers(links, store, defaults, write, AuditLog(producer), keys, settings.partitions, wall_clock)
    pages = PublicPages(linked)
    pages.seen = lambda done, visitor: telemetry.add(LINKS_FOLLOWED, 1, done, visitor.value)
    pages.renew = _by_sender(tables)
    intake = Intake(write, keys, settings.partitions, Tally(telemetry))
    bounces = BounceIntake(Ledger(tables.client, tables.address, "email"), write, keys, settings.partitions, wall_clock)
    returned = BounceDoor(bounces, _keys(settings), _throttle(settings), telemetry)
    return Starlette(
        routes=[
            Route("/k/{token}", OpenPages(pages).answer, methods=["GET", "HEAD", "POST"]),
            *_doors(settings, intake, tables),
            Route("/o/{token}.gif", pages.picture),
            Route("/v1/bounces", returned.answer, methods=["POST"]),
            Route("/tend.js", snippet),
            Route("/metrics", metrics),
            Route("/", _about),
            Route("/healthz", _alive),
        ],
        exception_handlers={DependencyUnavailable: _away},
        lifespan=life,
    )


def _by_sender(tables: Tables) -> Callable[[MessageAction], Awaitable[None]]:
    """New links go the way of all messages: the sender asks once more who may be reached, and where."""

    async def renew(asked: MessageAction) -> None:
        waiting = Waiting(tables.client, tables.address, asked.channel)
        await waiting.put(encode_action(asked), to_millis(asked.not_before))

    return renew


def _doors(settings: Settings, intake: Intake, tables: Tables) -> list[BaseRoute]:
    """The doors for events; those of a shop system only where its secret is known."""
    throttle, keys = _throttle(settings), _keys(settings)
    events = EventDoor(intake, keys, throttle)
    segment = SegmentDoor(intake, keys, throttle, settings.segment_currency)
    woocommerce = replace(WOOCOMMERCE, states=told_statuses(list(settings.woocommerce_statuses)))
    posts = ["POST", "OPTIONS"]
    return [
        Route("/v1/events", events.answer, methods=posts),
        *(Route(f"/v1/{name}", segment.one, methods=posts) for name in CALLS),
        *(Route(f"/v1/{name}", segment.batch, methods=posts) for name in ("batch", "b")),
        *_webhooks(SHOPIFY, settings.shopify_secret, intake, tables, throttle),
        *_webhooks(woocommerce, settings.woocommerce_secret, intake, tables, throttle),
    ]


def _webhooks(
    system: System, secret: SecretStr | None, intake: Intake, tables: Tables, throttle: Throttle
) -> list[BaseRoute]:
    secrets = tuple(filter(None, (one.strip() for one in _secret(secret).split(","))))
    if not secrets:
        return []
    orders = KnownOrders(tables.client, tables.address, system.name)
    door = WebhookDoor(system, secrets, intake, orders, throttle)
    return [Route(f"/webhooks/{system.name}", door.answer, methods=["POST"])]


def _keys(settings: Settings) -> tuple[WriteKey, ...]:
    return read_keys(_secret(settings.gateway_keys))


def _throttle(settings: Settings) -> Throttle:
    return Throttle(settings.gateway_rate, settings.gateway_rate * 2, time.monotonic)


def _secret(told: SecretStr | None) -> str:
    return told.get_secret_value() if told else ""


async def _about(_: Request) -> Response:
    return PlainTextResponse("tend gateway: events in by HTTP at /v1/events, and the pages behind links in messages\n")


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _away(_: Request, error: Exception) -> Response:
    return PlainTextResponse("not now; please try again in a minute", 503, {"retry-after": "60"})
