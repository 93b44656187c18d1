"""Doors for webhooks with everything behind them at hand, and the record that follows from what came in."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.connectors.known_orders import KnownOrders
from agents.gateway.throttle import Throttle
from agents.gateway.webhooks import System, WebhookDoor, signature
from schemas.errors import DependencyUnavailable
from schemas.events import decode_event
from tests.agents.gateway.doors import intake_of
from tests.builders import Life

SECRET = "the-secret-of-a-shop"


class ShopDoor:
    """The door of one system."""

    def __init__(self, system: System, client: Any) -> None:
        self.system = system
        self.safe: list[Admitted] = []
        self.away = False
        self.registry = CollectorRegistry()
        self.orders = KnownOrders(client, "store", system.name)
        door = WebhookDoor(
            system, ("an-older-secret", SECRET), intake_of(self._write, self.registry), self.orders,
            Throttle(1_000, 1_000, lambda: 0.0),
        )  # fmt: skip
        app = Starlette(routes=[Route("/hook", door.answer, methods=["POST"])])
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def _write(self, admitted: Admitted) -> None:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        self.safe.append(admitted)

    async def post(
        self, topic: str, body: Any, *, signed: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One webhook as the system sends it."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        given = {
            "content-type": "application/json",
            self.system.topic: topic,
            self.system.signature: (signature(SECRET, raw) if signed is None else signed).decode(),
            **(headers or {}),
        }
        return await self.web.post("/hook", content=raw, headers={name: told for name, told in given.items() if told})

    @property
    def kinds(self) -> list[str]:
        """Types of what is safe, each event once."""
        return [one.event.type for one in {one.event.id: one for one in self.safe}.values()]

    @property
    def customers(self) -> set[str]:
        return {one.event.customer for one in self.safe}

    def life(self, customer: str) -> Life:
        """The record that follows."""
        events = [decode_event(one.body) for one in self.safe if one.event.customer == customer]
        life = Life(who=customer, since=min(one.at for one in events))
        for one in events:
            life.happens(one)
        return life

    def counted(self) -> str:
        """What the metrics say."""
        return generate_latest(self.registry).decode()
