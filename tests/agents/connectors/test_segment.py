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
from agents.connectors.segment_names import CALL_TYPES, NAMES, NOT_USED
from agents.gateway.keys import read_keys
from agents.gateway.segment import CALLS, SegmentDoor
from agents.gateway.throttle import Throttle
from schemas.errors import DependencyUnavailable
from schemas.events import decode_event
from schemas.record import CartProduct
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


async def test_what_lies_in_a_cart_is_told_with_its_name_page_and_picture(door: Door) -> None:
    shown = {"name": "Green tea", "url": "https://shop.test/tea", "image_url": "http://cdn.test/tea.jpg"}
    await door.batch(track(1, "Product Added", properties={**TEA, "cart_id": "c-1", **shown}))

    cart = door.life().record.cart
    assert cart is not None
    assert cart.shown == CartProduct("TEA", "Green tea", "https://shop.test/tea")


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
    added, refunded, started = (decode_event(one.body).model_dump() for one in euros.safe)
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


async def test_whose_device_it_was_is_told_by_identify_and_by_alias_and_only_by_the_shops_own_key(door: Door) -> None:
    identify = {"type": "identify", "userId": "u-1", "anonymousId": "device-7", "timestamp": "2026-11-29T09:51:00Z"}
    calls = [
        {**identify, "messageId": "m-1"},
        {**identify, "messageId": "m-2", "traits": {"email": "kai@mail.test"}},
        {"type": "alias", "messageId": "m-3", "previousId": "device-7", "userId": "u-1"},
        {"type": "alias", "messageId": "m-4", "previousId": "u-1", "userId": "u-1"},
        {"type": "alias", "messageId": "m-5", "userId": "u-1"},
    ]
    answer = await door.batch(*calls)

    assert {one["index"]: one["status"] for one in answer.json()["outcomes"]} == {3: "left_out", 4: "refused"}
    told = {one.event.id: one.event for one in door.safe}.values()
    assert [(one.type, one.customer, getattr(one, "into", "")) for one in told] == [
        ("customer.identified", "device-7", "u-1"), ("customer.updated", "u-1", "")
    ]  # fmt: skip

    public = await door.batch(calls[0], headers={"authorization": "Bearer a-key-everybody-reads"})
    assert public.json()["outcomes"][0]["status"] == "refused"


async def test_a_review_a_wish_in_the_cart_and_a_payment_begun_have_their_events(door: Door) -> None:
    await door.batch(
        track(1, "Product Reviewed", properties={"product_id": 42, "rating": "4.5", "review_body": "Fine."}),
        track(2, "Wishlist Product Added to Cart", properties={**TEA, "cart_id": "c-1", "wishlist_id": "w-1"}),
        track(3, "Payment Info Entered", properties={"checkout_id": "c-1", "payment_method": "card"}),
        track(4, "Viewed Product", properties={"product_id": 42}),
        track(5, "Completed Order", properties={"order_id": 7, "total": 20, "currency": "EUR"}),
    )

    told = [decode_event(one.body).model_dump(exclude_none=True) for one in door.safe]
    assert [one["type"] for one in told] == [
        "product.reviewed", "cart.item_added", "checkout.step", "product.viewed", "order.placed"
    ]  # fmt: skip
    assert (told[0]["sku"], told[0]["rating"], told[0]["text"]) == ("42", 5, "Fine.")
    assert (told[2]["cart_id"], told[2]["step"], told[3]["sku"]) == ("c-1", "payment", "42")


SPECIFICATION = """
Products Searched, Product List Viewed, Product List Filtered, Promotion Viewed, Promotion Clicked, Product Clicked,
Product Viewed, Product Added, Product Removed, Cart Viewed, Checkout Started, Checkout Step Viewed,
Checkout Step Completed, Payment Info Entered, Order Completed, Order Updated, Order Refunded, Order Cancelled,
Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed, Product Added to Wishlist, Product Removed from Wishlist,
Wishlist Product Added to Cart, Product Shared, Cart Shared, Product Reviewed
"""
"""Of https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2."""


def test_every_name_of_the_specification_becomes_an_event_or_has_a_reason_why_not() -> None:
    names = {name.strip() for name in SPECIFICATION.replace("\n", " ").split(",")}
    used = {name for row in NAMES for name in row.theirs}
    unused = {name for row in NOT_USED for name in row.theirs}

    assert names <= used | unused
    assert not used & unused
    assert all(row.why for row in NOT_USED)
    assert set(CALLS) >= {name for row in CALL_TYPES for name in row[0].split(", ")}


async def test_a_name_that_is_not_used_is_counted_apart_from_one_that_nobody_knows(door: Door) -> None:
    answer = await door.batch(track(1, "Promotion Viewed"), track(2, "A Name of the Shop's Own"))

    assert [one["reason"] for one in answer.json()["outcomes"]] == [
        "a name that is not used", "a name without a meaning here"
    ]  # fmt: skip
