"""Segment's calls: a batch whose items are good and bad, in the forms that its libraries send.

The situations are told in PostHog/posthog #6227 (one bad event ends the batch), getlago/lago-api PR #1676 (a prefix is
taken and the whole repeated), and in Segment's documentation of its HTTP API. All data is invented.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.keys import read_keys
from agents.gateway.segment import CALLS, SegmentDoor
from agents.gateway.throttle import Throttle
from schemas.errors import DependencyUnavailable
from schemas.events import decode_event
from tests.agents.gateway.doors import intake_of
from tests.builders import Life

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
KEY = {"authorization": "Basic " + b64encode(b"a-secret-of-the-shop:").decode()}
TEA = {"product_id": "TEA", "sku": "TEA", "price": 20, "quantity": 1, "currency": "EUR"}


class Door:
    """The door with everything behind it at hand."""

    def __init__(self, currency: str = "") -> None:
        self.safe: list[Admitted] = []
        self.away = False
        keys = read_keys("shop:a-secret-of-the-shop,web!:a-key-everybody-reads")
        door = SegmentDoor(intake_of(self._write), keys, Throttle(1e6, 1e6, lambda: 0.0), currency, lambda: NOW)
        routes = [Route(f"/v1/{name}", door.one, methods=["POST", "OPTIONS"]) for name in CALLS]
        app = Starlette(routes=[*routes, Route("/v1/batch", door.batch, methods=["POST"])])
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def _write(self, admitted: Admitted) -> None:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        self.safe.append(admitted)

    async def batch(self, *calls: Any, headers: dict[str, str] | None = None, **around: Any) -> httpx.Response:
        told = {"batch": list(calls), "sentAt": "2026-11-29T10:00:00Z", **around}
        return await self.web.post("/v1/batch", json=told, headers=KEY if headers is None else headers)

    def life(self, customer: str = "u-1") -> Life:
        life = Life(who=customer, since=min(one.event.at for one in self.safe))
        life.happens(*(decode_event(one.body) for one in self.safe))
        return life


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    yield opened
    await opened.web.aclose()


def track(number: int, event: str = "Product Viewed", **changes: Any) -> dict[str, Any]:
    told = {"type": "track", "messageId": f"m-{number}", "timestamp": "2026-11-29T09:50:00Z", "userId": "u-1"}
    return {**told, "event": event, "properties": TEA, **changes}


BATCH: list[Any] = [
    track(0),
    {name: told for name, told in track(1).items() if name != "userId"},
    track(2, ""),
    {"type": "screen", "messageId": "m-3", "userId": "u-1", "name": "Home"},
    track(4, "Order Completed", properties={"total": 20, "currency": "EUR"}),
    track(5, "Order Completed", properties={"order_id": "O-1", "total": 20, "currency": "EUR", "products": [TEA]}),
    "not an object",
    None,
    track(8, properties={**TEA, "description": "x" * 33_000}),
    track(9, "Order Completed", properties={"order_id": "O-2", "total": 30, "currency": "euro"}),
    track(10, "Wishlist Shared By Carrier Pigeon"),
    {"type": "identify", "messageId": "m-11", "userId": "u-1", "timestamp": "2026-11-29T09:51:00Z",
     "traits": {"email": "kai@mail.test", "birthday": "yesterday"}},
    track(12, "Product Added", properties={**TEA, "cart_id": "c-1"}),
]  # fmt: skip


async def test_of_a_batch_the_good_are_taken_and_each_bad_one_has_its_outcome(door: Door) -> None:
    answer = await door.batch(*BATCH)

    assert answer.status_code == 200
    told = {one["index"]: one["status"] for one in answer.json()["outcomes"]}
    assert told == {
        1: "refused", 2: "refused", 3: "left_out", 4: "refused", 6: "refused", 7: "refused", 8: "refused",
        9: "refused", 10: "left_out", 11: "taken",
    }  # fmt: skip
    assert answer.json()["taken"] == len(door.safe) == 4
    reasons = {one["index"]: one for one in answer.json()["outcomes"]}
    assert "order_id" in reasons[4]["reason"]
    assert "userId" in reasons[1]["reason"]
    assert reasons[11]["left_out"] == ["birthday"]
    life = door.life()
    assert (life.order("O-1").amount, life.record.profile.email) == (2_000, "kai@mail.test")
    assert life.record.cart is not None
    assert life.record.cart.id == "c-1"


async def test_the_same_batch_again_changes_nothing_and_is_answered_alike(door: Door) -> None:
    first = (await door.batch(*BATCH)).json()
    ids = [one.event.id for one in door.safe]

    again = (await door.batch(*BATCH)).json()

    assert again == first
    assert [one.event.id for one in door.safe] == ids * 2
    assert door.life().record.purchases.count == 1


async def test_an_empty_batch_is_fine_and_what_is_none_is_refused(door: Door) -> None:
    assert (await door.batch()).status_code == 200
    assert (await door.web.post("/v1/batch", json={"batch": {"0": track(0)}}, headers=KEY)).status_code == 400
    assert (await door.web.post("/v1/batch", content=b"[", headers=KEY)).status_code == 400
    assert (await door.batch(track(0), headers={"authorization": "Basic c29tZW9uZTo="})).status_code == 401
    assert (await door.batch(track(0, pad="x" * 600_000))).status_code == 413
    assert door.safe == []


async def test_a_batch_is_not_done_before_kafka_has_it(door: Door) -> None:
    door.away = True

    assert (await door.batch(track(0))).status_code == 503


@pytest.mark.parametrize("path", ["track", "t"])
async def test_a_single_call_is_taken_by_either_path_with_the_key_in_its_body(door: Door, path: str) -> None:
    told = {**track(1), "writeKey": "a-key-everybody-reads"}
    del told["type"]
    answer = await door.web.post(f"/v1/{path}", json=told)

    assert (answer.status_code, answer.json()["taken"]) == (200, 1)
    assert (door.safe[0].event.actor, door.safe[0].event.source) == ("customer", "segment:web")


async def test_a_key_in_a_browser_sells_nothing_and_changes_nobody(door: Door) -> None:
    headers = {"authorization": "Bearer a-key-everybody-reads"}
    answer = await door.batch(BATCH[5], BATCH[11], headers=headers)

    assert [one["status"] for one in answer.json()["outcomes"]] == ["refused", "refused"]
    assert door.safe == []


async def test_a_device_is_somebody_until_the_store_knows_who(door: Door) -> None:
    anonymous = {**track(1), "anonymousId": "507f191e-810c-19729de860ea"}
    del anonymous["userId"]
    await door.batch(anonymous)

    assert door.safe[0].event.customer == "507f191e-810c-19729de860ea"


async def test_a_clock_that_is_ahead_says_nothing_of_the_future(door: Door) -> None:
    await door.batch(track(1, timestamp="2031-01-01T00:00:00Z"))

    assert door.safe[0].event.time == NOW


async def test_prices_are_of_the_whole_line_and_without_a_currency_one_is_needed(door: Door) -> None:
    cart = {"cart_id": "c-1", "sku": "TEA", "price": "19.99", "quantity": 3}
    answer = await door.batch(track(1, "Product Added", properties=cart))
    assert "TEND_SEGMENT_CURRENCY" in answer.json()["outcomes"][0]["reason"]

    euros = Door("EUR")
    await euros.batch(track(1, "Product Added", properties=cart))
    await euros.batch(track(2, "Order Refunded", properties={"order_id": "O-1", "total": 5}))
    await euros.batch(track(3, "Checkout Started", properties={"value": 59.97}))
    added, refunded, started = (one.event.model_dump() for one in euros.safe)
    assert (added["price"], added["quantity"], refunded["amount"], started["amount"]) == (5_997, 3, 500, 5_997)
    assert started["cart_id"].startswith("cart-")
    await euros.web.aclose()


async def test_a_search_a_removal_a_refused_coupon_and_a_cancelled_order_have_their_events(door: Door) -> None:
    await door.batch(
        track(1, "Products Searched", properties={"query": "atlas", "products": []}),
        track(2, "Product Removed", properties={"cart_id": "c-1", "product_id": "TEA"}),
        track(3, "Coupon Denied", properties={"coupon": "SPRING", "reason": "expired"}),
        track(4, "Order Cancelled", properties={"order_id": "O-1"}),
        track(5, "order updated", properties={"order_id": "O-1", "total": 10, "currency": "EUR"}),
    )

    assert [one.event.type for one in door.safe] == [
        "search.performed", "cart.item_removed", "coupon.refused", "order.cancelled", "order.updated"
    ]  # fmt: skip
