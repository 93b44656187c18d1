"""The gateway: doors for events and the public pages, on Starlette."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agents.access import Admitted, AuditLog, access_keys
from agents.bootstrap import open_store, open_tables
from agents.clock import wall_clock
from agents.gateway.doors import DoorParts, doors
from agents.gateway.forgetting import listen
from agents.gateway.intake import Intake, Tally
from agents.gateway.open_pages import OpenPages
from agents.gateway.snippet import snippet
from agents.gateway.throttle import Throttle
from agents.links import Links
from agents.links.linked import LinkedCustomers
from agents.links.pages import PublicPages
from agents.rulebooks import own_rulebook
from agents.senders.waiting import Waiting
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer, SafeRecord
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
    keys, audit = access_keys(settings), AuditLog(producer)
    defaults = own_rulebook(settings).defaults
    base_url = defaults.brand.base_url or ""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry)

    async def write_all(admitted: Sequence[Admitted]) -> None:
        await producer.send_all([_record_of(one) for one in admitted])

    async def write(admitted: Admitted) -> None:
        await write_all((admitted,))

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with _listening(settings, tables):
            yield
        for opened in (producer, store, tables):
            await opened.close()

    links = Links(tables.client, tables.address, keys.links, base_url)
    linked = LinkedCustomers(links, store, defaults, write, audit, keys, settings.partitions, wall_clock)
    intake = Intake(write_all, keys, settings.partitions, Tally(telemetry))
    throttle = Throttle(settings.gateway_rate, settings.gateway_rate * 2, time.monotonic)
    parts = DoorParts(settings, intake, store, tables, keys, audit, write, telemetry, throttle, base_url)
    return Starlette(
        routes=[*doors(parts), *_public(linked, tables, telemetry), *_about_itself(registry)],
        exception_handlers={DependencyUnavailable: _away},
        lifespan=life,
    )


@asynccontextmanager
async def _listening(settings: Settings, tables: Tables) -> AsyncIterator[None]:
    stopped = asyncio.Event()
    listening = asyncio.create_task(listen(settings, tables, stopped.is_set))
    yield
    stopped.set()
    await listening


def _public(linked: LinkedCustomers, tables: Tables, telemetry: Telemetry) -> list[Route]:
    """What customers and visitors of the shop's own pages open."""
    pages = PublicPages(linked)
    pages.seen = lambda done, visitor: telemetry.add(LINKS_FOLLOWED, 1, done, visitor.value)
    pages.renew = _by_sender(tables)
    return [
        Route("/k/{token}", OpenPages(pages).answer, methods=["GET", "HEAD", "POST"]),
        Route("/o/{token}.gif", pages.picture),
        Route("/tend.js", snippet),
    ]


def _about_itself(registry: CollectorRegistry) -> list[Route]:
    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", metrics), Route("/", _about), Route("/healthz", _alive)]


def _record_of(admitted: Admitted) -> SafeRecord:
    headers = (("ce_source", b"/tend/gateway"), ("ce_id", admitted.event.id.encode()))
    return SafeRecord(admitted.topic, admitted.partition, admitted.key, admitted.body, headers)


def _by_sender(tables: Tables) -> Callable[[MessageAction], Awaitable[None]]:
    """New links go the way of all messages: the sender asks once more who may be reached, and where."""

    async def renew(asked: MessageAction) -> None:
        waiting = Waiting(tables.client, tables.address, asked.channel)
        await waiting.put(encode_action(asked), to_millis(asked.not_before))

    return renew


async def _about(_: Request) -> Response:
    return PlainTextResponse("tend gateway: events in by HTTP at /v1/events, and the pages behind links in messages\n")


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _away(_: Request, error: Exception) -> Response:
    return PlainTextResponse("not now; please try again in a minute", 503, {"retry-after": "60"})
