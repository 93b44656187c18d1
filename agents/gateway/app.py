"""The gateway: doors for events and the public pages, on Starlette."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agents.access import Admitted, AuditLog, access_keys
from agents.gateway.events import EventDoor
from agents.gateway.keys import read_keys
from agents.gateway.throttle import Throttle
from agents.ground import open_store, wall_clock
from agents.links import Links
from agents.links.pages import PublicPages
from agents.rulebooks import own_rulebook
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.settings import Settings
from schemas.errors import DependencyUnavailable

_PAGES_PER_SECOND = 2.0
_PAGES_BURST = 60.0


def gateway(settings: Settings) -> Starlette:
    """The application; it connects when it starts."""
    store = open_store(settings)
    producer = AcknowledgedProducer(KafkaConnection.of(settings))
    keys = access_keys(settings)
    defaults = own_rulebook(settings).defaults

    async def write(admitted: Admitted) -> None:
        headers = [("ce_source", b"/tend/gateway"), ("ce_id", admitted.event.id.encode())]
        await producer.send(admitted.topic, admitted.partition, admitted.key, admitted.body, headers)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        yield
        await producer.close()
        await store.close()

    links = Links(store.client, store.address, keys.links, defaults.brand.base_url or "")
    pages = PublicPages(links, store, defaults, write, AuditLog(producer), keys, settings.partitions, wall_clock)
    throttle = Throttle(settings.gateway_rate, settings.gateway_rate * 2, time.monotonic)
    secret = settings.gateway_keys.get_secret_value() if settings.gateway_keys else ""
    events = EventDoor(write, read_keys(secret), throttle, keys, settings.partitions)
    return Starlette(
        routes=[
            Route("/k/{token}", _throttled(pages), methods=["GET", "HEAD", "POST"]),
            Route("/v1/events", events.answer, methods=["POST", "OPTIONS"]),
            Route("/healthz", _alive),
        ],
        exception_handlers={DependencyUnavailable: _away},
        lifespan=life,
    )


def _throttled(pages: PublicPages) -> Callable[[Request], Awaitable[Response]]:
    """The pages, for each visitor at a person's pace: tokens cannot be tried in bulk."""
    throttle = Throttle(_PAGES_PER_SECOND, _PAGES_BURST, time.monotonic)

    async def endpoint(request: Request) -> Response:
        visitor = request.client.host if request.client else ""
        wait = throttle.wait(visitor)
        if wait:
            return PlainTextResponse("too many requests", 429, {"retry-after": str(int(wait) + 1)})
        return await pages.answer(request)

    return endpoint


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _away(_: Request, error: Exception) -> Response:
    return PlainTextResponse("not now; please try again in a minute", 503, {"retry-after": "60"})
