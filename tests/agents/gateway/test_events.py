"""The door for events: answered when they are safe, with an answer for each, and only to those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.events import EventDoor
from agents.gateway.keys import read_keys
from agents.gateway.throttle import Throttle
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from tests.agents.gateway.doors import intake_of

SHOP = {"authorization": "Bearer a-secret-of-the-shop"}
WEB = {"authorization": "Bearer a-key-everybody-reads"}


class Door:
    """The door with everything behind it at hand."""

    def __init__(self) -> None:
        self.safe: list[Admitted] = []
        self.away = False
        self.clock = 0.0
        keys = read_keys("shop:a-secret-of-the-shop,web!:a-key-everybody-reads")
        door = EventDoor(intake_of(self._write), keys, Throttle(10, 20, lambda: self.clock))
        app = Starlette(routes=[Route("/v1/events", door.answer, methods=["POST", "OPTIONS"])])
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def _write(self, admitted: Admitted) -> None:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        self.safe.append(admitted)

    async def post(self, told: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.web.post("/v1/events", json=told, headers=SHOP if headers is None else headers)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    yield opened
    await opened.web.aclose()


def viewed(number: int = 1, **changes: Any) -> dict[str, Any]:
    told = {
        "type": "product.viewed",
        "id": f"e-{number}",
        "customer": "c-1",
        "time": "2026-11-29T10:00:00Z",
        "sku": "b-1",
    }
    return {**told, **changes}


def ordered(**changes: Any) -> dict[str, Any]:
    told = {"type": "order.placed", "id": "o-1", "customer": "c-1", "time": "2026-11-29T10:00:00Z", "order_id": "o-1"}
    return {**told, "amount": 1_000, "currency": "EUR", **changes}


async def test_an_event_is_answered_when_it_is_safe(door: Door) -> None:
    answer = await door.post(ordered())

    assert (answer.status_code, answer.json()) == (202, {"status": 202, "id": "o-1"})
    (admitted,) = door.safe
    assert (admitted.topic, admitted.event.source, admitted.event.actor) == (
        "storefront.orders",
        "gateway:shop",
        "system:shop",
    )


async def test_of_a_list_each_has_its_answer(door: Door) -> None:
    answer = await door.post([viewed(1), viewed(2, sku=5), "?", ordered(amount=-1)])

    assert answer.status_code == 207
    assert answer.json()["taken"] == 1
    assert [(one["status"], one.get("field", "")) for one in answer.json()["events"]] == [
        (202, ""),
        (400, "sku"),
        (400, ""),
        (400, "amount"),
    ]
    assert len(door.safe) == 1


async def test_a_key_in_a_browser_sends_visits_and_carts_and_nothing_else(door: Door) -> None:
    assert (await door.post(viewed(), WEB)).status_code == 202
    assert door.safe[0].event.actor == "customer"
    refused = await door.post(ordered(), WEB)

    assert (refused.status_code, refused.json()["error"]) == (403, "not_allowed")
    assert len(door.safe) == 1


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic !!"}])
async def test_without_a_key_nothing_is_taken(door: Door, headers: dict[str, str]) -> None:
    assert (await door.post(ordered(), headers)).status_code == 401
    assert door.safe == []


async def test_what_is_not_safe_is_not_promised(door: Door) -> None:
    door.away = True

    answer = await door.post([viewed(1), viewed(2)])

    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")


async def test_who_sends_too_fast_is_told_when_to_go_on(door: Door) -> None:
    assert (await door.post([viewed(number) for number in range(20)])).status_code == 202
    limited = await door.post(viewed(21))
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")

    door.clock = 1.0
    assert (await door.post(viewed(21))).status_code == 202


async def test_what_is_too_large_is_not_read_to_its_end(door: Door) -> None:
    large = await door.web.post("/v1/events", content=b"[" + b" " * 1_000_001, headers=SHOP)

    assert large.status_code == 413
    assert (await door.post([])).status_code == 413


async def test_a_browser_may_ask_before_it_sends(door: Door) -> None:
    asked = await door.web.options("/v1/events", headers={"origin": "https://shop.example"})

    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert (await door.post(viewed(), WEB)).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("told", ["shop", "shop:short", "s-h:a-secret-of-the-shop"])
def test_keys_that_are_none_are_refused(told: str) -> None:
    with pytest.raises(ConfigurationRefused, match="TEND_GATEWAY_KEYS"):
        read_keys(told)
