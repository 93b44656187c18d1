"""Orders of Shopify's that come in several parcels, told of one by one and as a whole, in any order.

Shopify's documentation of orders, fulfillments and their events says what is told; frappe/ecommerce_integrations #207
and PR #209 that parcels of one order may be days apart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from schemas.events import decode_event
from schemas.order_book import Order
from schemas.times import to_millis
from tests.agents.connectors.shop_doors import ShopDoor
from tests.builders import Life
from tests.doors.told import comes_in

OWN, NAME, MIA = 5900000000301, "#1301", "7100000000301"
NOVEL, POEMS, GIFT_CARD = 11, 12, 13
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
Hook = tuple[str, dict[str, Any]]


@pytest.fixture
def door(shopify: ShopDoor) -> ShopDoor:
    return shopify


def line(own: int, quantity: int, current: int | None = None, **changes: Any) -> dict[str, Any]:
    kept = quantity if current is None else current
    told = {"id": own, "sku": f"S-{own}", "price": "10.00", "quantity": quantity, "requires_shipping": True}
    return {**told, "current_quantity": kept, **changes}


def order(hour: int = 8, *parcels: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Two novels and one volume of poems, as they are at an hour of the 20th."""
    told = {
        "id": OWN, "name": NAME, "created_at": "2026-11-20T08:00:00Z", "processed_at": "2026-11-20T08:00:00Z",
        "updated_at": f"2026-11-20T{hour:02}:00:00Z", "currency": "EUR", "total_price": "30.00",
        "line_items": [line(NOVEL, 2), line(POEMS, 1)], "fulfillments": list(parcels), "fulfillment_status": None,
        "customer": {"id": int(MIA), "email": "mia@mail.test"},
    }  # fmt: skip
    return {**told, **changes}


def parcel(own: int, hour: int, holds: dict[int, int], status: str = "success", there: int = 0) -> dict[str, Any]:
    """A parcel that left at an hour, and was there at another, if any."""
    return {
        "id": own, "order_id": OWN, "name": f"{NAME}.{own}", "status": status,
        "created_at": f"2026-11-20T{hour:02}:00:00Z", "updated_at": f"2026-11-20T{there or hour:02}:00:00Z",
        "shipment_status": "delivered" if there else None, "tracking_company": "DHL",
        "line_items": [line(one, count) for one, count in holds.items()],
    }  # fmt: skip


async def send(door: ShopDoor, *hooks: Hook) -> None:
    for topic, body in hooks:
        answer = await door.post(topic, body)
        assert (answer.status_code, answer.json().get("refused")) == (200, None)


def kept(door: ShopDoor) -> Order:
    return door.life(MIA).order(NAME)


FIRST, SECOND = parcel(1, 9, {NOVEL: 2}), parcel(2, 11, {POEMS: 1})
FIRST_THERE, SECOND_THERE = parcel(1, 9, {NOVEL: 2}, there=14), parcel(2, 11, {POEMS: 1}, there=16)
PLACED: Hook = ("orders/create", order())
EACH: tuple[Hook, ...] = (
    ("fulfillments/create", FIRST),
    ("fulfillments/create", SECOND),
    ("fulfillments/update", FIRST_THERE),
)


@comes_in("several parcels", "frappe/ecommerce_integrations #207: parcels of one order, days apart")
async def test_an_order_is_there_with_its_last_parcel(door: ShopDoor) -> None:
    await send(door, PLACED, *EACH)
    assert (kept(door).status, kept(door).delivered) == ("dispatched", 0)
    assert any(one.arrived for one in kept(door).parcels), "a part of it has arrived"

    await send(door, ("fulfillments/update", SECOND_THERE))

    assert kept(door).status == "delivered"
    assert _hour(kept(door).delivered) == 16


@pytest.mark.parametrize("sequence", list(permutations(range(5)))[::17])
async def test_two_parcels_end_alike_in_whatever_order_they_are_told(door: ShopDoor, sequence: tuple[int, ...]) -> None:
    hooks = (PLACED, *EACH, ("fulfillments/update", SECOND_THERE))
    for told, place in enumerate(sequence, start=1):
        await send(door, hooks[place])
        if door.safe:
            assert (kept(door).status == "delivered") == {0, 3, 4}.issubset(sequence[:told])
    assert _hour(kept(door).delivered) == 16

    told_before = {one.event.id for one in door.safe}
    whole = order(17, FIRST_THERE, SECOND_THERE, fulfillment_status="fulfilled")
    await send(door, ("orders/fulfilled", whole), ("orders/updated", whole))

    assert {one.event.type for one in door.safe if one.event.id not in told_before} <= {"order.updated"}
    assert _hour(kept(door).delivered) == 16


async def test_read_again_in_the_order_of_its_times_the_order_is_there_no_sooner(door: ShopDoor) -> None:
    await send(door, PLACED, EACH[0], EACH[2], EACH[1], ("fulfillments/update", SECOND_THERE))

    life = Life(who=MIA, since=min(one.event.at for one in door.safe))
    for event in sorted((decode_event(one.body) for one in door.safe), key=lambda one: one.at):
        life.happens(event)
        if event.type != "customer.updated":
            assert (life.order(NAME).status == "delivered") == (_hour(event.at) == 16)


@comes_in("several parcels", "frappe/ecommerce_integrations PR #209: orders/partially_fulfilled")
async def test_the_rest_that_has_not_left_yet_is_still_to_come(door: ShopDoor) -> None:
    """Nothing is told of a second parcel; that there will be one follows from the lines."""
    await send(door, PLACED, ("fulfillments/create", FIRST), ("fulfillments/update", FIRST_THERE))
    assert kept(door).status == "dispatched"
    first = _events(door, "order.dispatched")[0]
    assert (first.parcel, first.parcels) == ("1", 2)

    await send(door, ("fulfillments/create", SECOND), ("fulfillments/update", SECOND_THERE))
    assert kept(door).status == "delivered"


@comes_in("several parcels", "Shopify's documentation, Fulfillment: quantity of its line_items")
async def test_pieces_of_one_line_may_come_apart(door: ShopDoor) -> None:
    one, other = parcel(1, 9, {NOVEL: 1, POEMS: 1}, there=14), parcel(2, 11, {NOVEL: 1}, there=16)
    await send(door, PLACED, ("fulfillments/update", one))
    assert kept(door).status == "dispatched"

    await send(door, ("fulfillments/update", other))
    assert _hour(kept(door).delivered) == 16


async def test_whole_orders_alone_say_the_same(door: ShopDoor) -> None:
    await send(
        door, PLACED,
        ("orders/partially_fulfilled", order(9, FIRST, fulfillment_status="partial")),
        ("orders/updated", order(14, FIRST_THERE, fulfillment_status="partial")),
    )  # fmt: skip
    assert kept(door).status == "dispatched"

    await send(door, ("orders/fulfilled", order(11, FIRST, SECOND, fulfillment_status="fulfilled")))
    assert kept(door).status == "dispatched", "an older message takes nothing back"

    await send(door, ("orders/updated", order(16, FIRST_THERE, SECOND_THERE, fulfillment_status="fulfilled")))
    assert _hour(kept(door).delivered) == 16


async def test_an_order_whose_lines_are_not_told_waits_as_its_state_says(door: ShopDoor) -> None:
    bare = {**FIRST_THERE, "line_items": []}
    told = order(14, bare, line_items=[], fulfillment_status="partial")
    await send(door, ("orders/create", order(line_items=[])), ("orders/updated", told))
    assert kept(door).status == "dispatched"

    rest = {**SECOND_THERE, "line_items": []}
    await send(door, ("orders/fulfilled", order(16, bare, rest, line_items=[], fulfillment_status="fulfilled")))
    assert _hour(kept(door).delivered) == 16


async def test_what_was_taken_out_of_the_order_is_not_waited_for(door: ShopDoor) -> None:
    await send(door, PLACED, ("fulfillments/update", FIRST_THERE))
    assert kept(door).status == "dispatched"

    without = order(15, FIRST_THERE, line_items=[line(NOVEL, 2), line(POEMS, 1, current=0)])
    await send(door, ("orders/updated", without))

    assert (kept(door).status, _hour(kept(door).delivered)) == ("delivered", 14)


async def test_older_versions_of_the_api_tell_what_was_refunded_beside_the_lines(door: ShopDoor) -> None:
    def older(own: int, quantity: int) -> dict[str, Any]:
        return {name: told for name, told in line(own, quantity).items() if name != "current_quantity"}

    back = {
        "id": 5, "order_id": OWN, "processed_at": "2026-11-20T10:00:00Z", "transactions": [],
        "refund_line_items": [{"line_item_id": POEMS, "quantity": 1, "restock_type": "cancel"}],
    }  # fmt: skip
    lines = [older(NOVEL, 2), older(POEMS, 1)]
    await send(door, ("orders/create", order(line_items=lines)))
    await send(door, ("orders/updated", order(15, FIRST_THERE, line_items=lines, refunds=[back])))

    assert kept(door).status == "delivered"


async def test_what_was_added_to_the_order_is_waited_for(door: ShopDoor) -> None:
    """The parcel left when it was all there was; what was added by telephone comes in another."""
    small, big = order(line_items=[line(NOVEL, 2)]), order(10, FIRST)
    await send(door, ("orders/create", small), ("fulfillments/create", FIRST), ("orders/updated", big))
    await send(door, ("fulfillments/update", FIRST_THERE))
    assert kept(door).status == "dispatched"

    await send(door, ("fulfillments/update", SECOND_THERE))
    assert _hour(kept(door).delivered) == 16


@comes_in("several parcels", "Shopify's documentation, Fulfillment: status cancelled")
async def test_a_parcel_that_was_cancelled_and_sent_anew_is_not_waited_for(door: ShopDoor) -> None:
    await send(door, PLACED, *EACH, ("fulfillments/update", parcel(2, 11, {POEMS: 1}, status="cancelled")))
    assert kept(door).status == "dispatched"

    await send(door, ("fulfillments/create", parcel(3, 13, {POEMS: 1})))
    await send(door, ("fulfillments/update", parcel(3, 13, {POEMS: 1}, there=18)))

    assert (kept(door).status, _hour(kept(door).delivered)) == ("delivered", 18)


async def test_the_carriers_own_moment_is_that_of_the_arrival(door: ShopDoor) -> None:
    both = parcel(1, 9, {NOVEL: 2, POEMS: 1})
    step = {"id": 7, "fulfillment_id": 1, "order_id": OWN, "status": "in_transit"}
    there = {**step, "id": 8, "status": "delivered", "happened_at": "2026-11-20T13:00:00Z"}
    await send(door, ("fulfillment_events/create", there), PLACED)
    assert kept(door).status == "placed", "a parcel that nobody said had left"

    await send(door, ("fulfillment_events/create", step), ("fulfillments/create", both))

    assert _hour(kept(door).delivered) == 13
    assert [one.type for one in _events(door, "order.delivered")] == ["order.delivered"]


@comes_in("several parcels", "MONEI/Shopify-api-node PR #555: picked_up and other steps of a parcel")
async def test_what_is_collected_is_with_the_customer_when_it_was_picked_up(door: ShopDoor) -> None:
    waiting = parcel(1, 9, {NOVEL: 2, POEMS: 1}) | {"shipment_status": "ready_for_pickup"}
    await send(door, PLACED, ("fulfillments/update", waiting))
    assert kept(door).status == "dispatched"

    await send(door, ("fulfillments/update", waiting | {"shipment_status": "picked_up"}))
    assert kept(door).status == "delivered"


@comes_in("several parcels", "Shopify's documentation, Order: line_items.requires_shipping")
async def test_a_gift_card_by_mail_is_no_parcel_and_holds_none_up(door: ShopDoor) -> None:
    card = line(GIFT_CARD, 1, requires_shipping=False, gift_card=True)
    sent = parcel(1, 8, {}) | {"line_items": [card], "tracking_company": None}
    both = parcel(2, 9, {NOVEL: 2, POEMS: 1}, there=14)
    lines = [line(NOVEL, 2), line(POEMS, 1), card]
    await send(door, ("orders/create", order(line_items=lines)))
    assert (await door.post("fulfillments/create", sent)).json()["left_out"] == "nothing that is sent"
    assert kept(door).status == "placed"

    await send(door, ("orders/fulfilled", order(14, sent, both, line_items=lines, fulfillment_status="fulfilled")))

    assert kept(door).status == "delivered"
    assert [one.parcel for one in _events(door, "order.dispatched")] == ["2"]


async def test_what_is_carried_home_from_a_till_is_no_parcel(door: ShopDoor) -> None:
    handed_over = parcel(1, 8, {NOVEL: 2, POEMS: 1}) | {"tracking_company": None}
    at_the_till = {"source_name": "pos", "shipping_address": None, "fulfillment_status": "fulfilled"}
    await send(door, ("orders/create", order(8, handed_over, **at_the_till)), ("fulfillments/create", handed_over))
    assert kept(door).status == "placed"

    sent = {**at_the_till, "shipping_address": {"city": "Berlin"}}
    await send(door, ("orders/updated", order(9, handed_over, **sent)))
    assert kept(door).status == "dispatched", "bought at a till and sent home"


async def test_what_is_known_of_parcels_goes_with_the_customer(door: ShopDoor) -> None:
    await send(door, PLACED, *EACH)
    assert await door.orders.facts(str(OWN))

    await door.orders.erase(MIA)

    assert not await door.orders.facts(str(OWN))


async def test_an_order_that_changes_often_keeps_its_latest_version_only(door: ShopDoor) -> None:
    for hour in (9, 12, 10):
        await send(door, ("orders/updated", order(hour, fulfillment_status="partial" if hour == 12 else None)))
    await door.orders.facts(str(OWN))

    facts = await door.orders.facts(str(OWN))
    assert '"partly":true' in facts["order"]


def _events(door: ShopDoor, kind: str) -> list[Any]:
    told = {one.event.id: one.event for one in reversed(door.safe) if one.event.type == kind}
    return sorted(told.values(), key=lambda one: one.at)


def _hour(at: int) -> int:
    return (at - to_millis(MIDNIGHT)) // 3_600_000
