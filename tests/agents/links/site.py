"""The pages behind signed links on a real store, and what they told."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.links import Links
from agents.links.linked import LinkedCustomers
from agents.links.links import deeds_of
from agents.links.pages import PublicPages
from rules.loading import shipped
from schemas.actions import AnyAction, MessageAction
from tests.agents.senders.sending import KEYS, NOON, Records, Silent, anna


class Site:
    """The pages of one customer."""

    def __init__(self, client: Any) -> None:
        self.now = NOON
        self.told: list[dict[str, Any]] = []
        self.records = Records(anna())
        self.links = Links(client, "store", KEYS.links, "https://shop.test")
        pages = PublicPages(
            LinkedCustomers(
                self.links, self.records, shipped().defaults, self._write, Silent(), KEYS, 8, lambda: self.now
            )
        )
        self.seen: list[tuple[str, str]] = []
        self.renewed: list[MessageAction] = []
        pages.renew = self._renew
        pages.seen = lambda done, visitor: self.seen.append((done, visitor.value))
        app = Starlette(
            routes=[
                Route("/k/{token}", pages.answer, methods=["GET", "HEAD", "POST"]),
                Route("/o/{token}.gif", pages.picture),
            ]
        )
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.test")

    async def _write(self, admitted: Admitted) -> None:
        self.told.append(orjson.loads(admitted.body))

    async def _renew(self, asked: MessageAction) -> None:
        self.renewed.append(asked)

    async def open(self, given: AnyAction) -> dict[str, str]:
        return await self.links.open(given, deeds_of(given), self.now)

    @property
    def kinds(self) -> list[str]:
        return [one["type"] for one in self.told]
