"""A batch of Segment's in which one bad item decides nothing over the good ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.agents.connectors.test_segment import KEY, Door, track
from tests.doors.told import DATA, comes_in

CASE = DATA / "21-segment-batch-partly-bad"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    yield opened
    await opened.web.aclose()


def body(name: str) -> bytes:
    """A body of the case, at this moment of the test."""
    told = (CASE / name).read_text(encoding="utf-8")
    for mark, moment in (("@@NOW-10m@@", "09:50"), ("@@NOW-9m@@", "09:51"), ("@@NOW@@", "10:00")):
        told = told.replace(mark, f"2026-11-29T{moment}:00Z")
    return told.encode()


@comes_in("partly bad", "PostHog/posthog #6227, getlago/lago-api PR #1676, segmentio/action-destinations PR #1102")
async def test_the_good_items_of_a_batch_are_taken_and_each_bad_one_has_its_outcome_again_and_again(door: Door) -> None:
    answers = [await door.web.post("/v1/batch", content=body("01-batch.body"), headers=KEY) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    outcomes = {one["index"]: one["status"] for one in answers[0].json()["outcomes"]}
    assert {index for index, status in outcomes.items() if status == "refused"} == {1, 2, 4, 6, 7, 8, 9}
    assert {index for index, status in outcomes.items() if status == "left_out"} == {3, 10}
    life = door.life("u-2101")
    assert (life.record.purchases.count, life.order("H21-1").amount) == (1, 2_000)
    assert (life.record.profile.email, life.record.profile.birthday) == ("kai.weber@example.org", "")
    assert life.record.cart is not None
    assert life.record.cart.id == "c-21"

    before = len(door.safe)
    for name, key, status in (
        ("03-empty.body", KEY, 200), ("04-no-list.body", KEY, 400),
        ("05-wrong-key.body", {"authorization": "Basic c29tZW9uZS1lbHNlOg=="}, 401),
    ):  # fmt: skip
        assert (await door.web.post("/v1/batch", content=body(name), headers=key)).status_code == status
    assert len(door.safe) == before


ODD: list[tuple[Any, str]] = [
    (track(1, properties=None), "refused"),
    (track(2, timestamp="2026-11-29 09:50:00"), "refused"),
    (track(3, timestamp=1_795_946_400), "refused"),
    (track(4, "Order Completed", properties={"order_id": "O-1", "total": "NaN", "currency": "EUR"}), "refused"),
    (track(5, "Order Completed", properties={"order_id": "O-1", "total": -20, "currency": "EUR"}), "refused"),
    (track(6, userId=None, anonymousId=None), "refused"),
    (track(7, userId={"id": 7}), "refused"),
    ({"type": "batch", "batch": []}, "refused"),
    ({"userId": "u-1"}, "refused"),
    (track(8, integrations={"All": False}), "taken"),
    (track(9, context={"page": {"url": "https://shop.test"}}), "taken"),
]  # fmt: skip


@comes_in(
    "partly bad", "Segment's documentation, HTTP API: timestamp is an ISO 8601 date; PostHog/posthog.com PR #19539"
)
async def test_odd_items_have_their_own_outcome_and_their_neighbours_are_taken(door: Door) -> None:
    answer = await door.batch(*(call for call, _ in ODD))

    assert answer.status_code == 200
    refused = {one["index"] for one in answer.json()["outcomes"] if one["status"] == "refused"}
    assert refused == {index for index, (_, status) in enumerate(ODD) if status == "refused"}
    assert answer.json()["taken"] == len(door.safe) == 2


@comes_in(
    "partly bad", "Openpanel-dev/openpanel #373: a flaky network sends one batch twice, and one item in two batches"
)
async def test_an_item_that_comes_in_two_batches_and_twice_in_one_is_one_event(door: Door) -> None:
    await door.batch(track(1), track(1))
    await door.batch(track(2), track(1))

    assert len({one.event.id for one in door.safe}) == 2
    assert door.life().record.browsing.views == 2


@comes_in("old news", "segmentio's documentation, Replay and Import historical data: a timestamp of years ago counts")
async def test_a_replayed_history_is_of_its_own_day(door: Door) -> None:
    bought = {"order_id": "O-1", "total": 20, "currency": "EUR"}
    await door.batch(track(1, "Order Completed", properties=bought, timestamp="2024-03-01T10:00:00Z"))

    assert orjson.loads(door.safe[0].body)["time"].startswith("2024-03-01T10:00:00")


@comes_in(
    "partly bad", "segmentio/action-destinations PR #606: currencies in small letters",
    "mollie/Shopware6 PR #1348: discounts of plugins as lines with a price below nothing",
)  # fmt: skip
async def test_a_currency_in_small_letters_and_a_discount_among_the_products_lose_no_order(door: Door) -> None:
    products = [{"sku": "A", "price": 15, "quantity": 2}, {"sku": "VOUCHER", "price": -10}]
    bought = {"order_id": "O-1", "total": 20, "currency": "eur", "products": products}
    await door.batch(track(1, "Order Completed", properties=bought))

    told = orjson.loads(door.safe[0].body)
    assert (told["amount"], told["currency"]) == (2_000, "EUR")
    assert [(one["sku"], one["price"]) for one in told["items"]] == [("A", 3_000)]
