"""WooCommerce's webhooks, as they really come: pings, drafts, states before the sale, states of plugins.

The situations are told in woocommerce/woocommerce #15642 and frappe/erpnext PR #36705 (unsigned form ping; five
failures switch a webhook off), woocommerce/woocommerce #66995 and #21952 (drafts). All data is invented.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from agents.gateway.webhooks import WOOCOMMERCE
from tests.agents.connectors.shop_doors import ShopDoor
from tests.agents.senders.sending import redis_at


@pytest.fixture
async def door(store_server: str) -> AsyncIterator[ShopDoor]:
    client = redis_at(store_server)
    opened = ShopDoor(WOOCOMMERCE, client)
    yield opened
    await opened.web.aclose()
    await client.aclose()


def order(status: str, minute: int = 0, **changes: Any) -> dict[str, Any]:
    told = {
        "id": 4711,
        "number": "4711",
        "status": status,
        "currency": "EUR",
        "total": "35.00",
        "customer_id": 304,
        "date_created": "2026-11-20T10:00:00",
        "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified_gmt": f"2026-11-20T09:{minute:02}:00",
        "billing": {"first_name": "Gina", "last_name": "Rossi", "email": "gina@mail.test", "country": "DE"},
        "line_items": [{"sku": "GAME", "quantity": 1, "total": "29.41", "total_tax": "5.59"}],
        "coupon_lines": [],
        "refunds": [],
    }
    return {**told, **changes}


@pytest.mark.parametrize("body", [b"webhook_id=12", b"webhook_id=12&order=4711&status=refunded"])
async def test_the_ping_of_a_saved_webhook_is_answered_and_nothing_of_it_believed(door: ShopDoor, body: bytes) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await door.post("", body, signed=b"", headers=form)

    assert (answer.status_code, door.safe) == (200, [])
    assert 'reason="a ping"' in door.counted()


@pytest.mark.parametrize("partly", ["partial-shipped", "wc-partially-shipped", "partially-delivered"])
async def test_an_order_of_which_a_part_was_sent_is_there_when_all_of_it_is(door: ShopDoor, partly: str) -> None:
    """As plugins write it that know parcels; WooCommerce itself does not."""
    await door.post("order.updated", order(partly, 5))
    assert door.life("304").order("4711").status == "dispatched"

    await door.post("order.updated", order("delivered", 9))
    assert door.life("304").order("4711").status == "delivered"


@pytest.mark.parametrize("draft", ["auto-draft", "checkout-draft", "draft", "pending", "wc-pending"])
async def test_a_draft_is_no_sale_and_makes_no_customer(door: ShopDoor, draft: str) -> None:
    answer = await door.post("order.updated", order(draft))

    assert (answer.status_code, door.safe) == (200, [])
    assert answer.json()["left_out"] == "an order that is no sale yet"


async def test_an_order_lives_through_drafts_and_failures_and_is_one_sale(door: ShopDoor) -> None:
    for minute, status in enumerate(("auto-draft", "checkout-draft", "pending", "failed", "processing", "completed")):
        for _ in range(2):
            await door.post("order.updated", order(status, minute))

    life = door.life("304")
    assert (life.record.purchases.count, life.record.purchases.spent, life.record.purchases.cancelled) == (1, 3_500, 0)
    assert life.order("4711").status == "placed", "completed claims no delivery"
    assert door.kinds.count("payment.failed") == 1
    assert life.order("4711").placed == 1_795_165_200_000


async def test_a_state_that_nobody_knows_is_left_out_by_its_name_until_it_is_told(door: ShopDoor) -> None:
    answer = await door.post("order.updated", order("awaiting-blessing"))

    assert (answer.status_code, door.safe) == (200, [])
    assert "awaiting-blessing" in answer.json()["left_out"]
    assert "awaiting-blessing" in door.counted()

    told = ShopDoor(replace(WOOCOMMERCE, states={"awaiting blessing": "sale"}), door.orders._client)
    await told.post("order.updated", order("awaiting-blessing"))
    assert told.life("304").record.purchases.count == 1
    await told.web.aclose()


async def test_states_of_shipping_plugins_move_the_goods(door: ShopDoor) -> None:
    await door.post("order.updated", order("shipped", 10))
    assert door.life("304").order("4711").status == "dispatched"

    await door.post("order.updated", order("delivered", 20))
    assert door.life("304").order("4711").status == "delivered"


async def test_refunds_in_parts_and_the_whole_are_money_back_once(door: ShopDoor) -> None:
    part = [{"id": 9, "reason": "", "total": "-12.00"}]
    for minute in (10, 11):
        await door.post("order.updated", order("processing", minute, refunds=part))
    assert door.life("304").order("4711").refunded == 1_200

    rest = [*part, {"id": 10, "reason": "", "total": "-23.00"}]
    await door.post("order.updated", order("refunded", 20, refunds=rest))
    kept = door.life("304").order("4711")
    assert (kept.refunded, kept.money) == (3_500, "refunded")


async def test_a_refund_without_parts_is_the_whole(door: ShopDoor) -> None:
    await door.post("order.updated", order("refunded", 20))

    assert door.life("304").order("4711").money == "refunded"


async def test_an_order_that_was_cancelled_before_it_was_paid_was_none(door: ShopDoor) -> None:
    await door.post("order.updated", order("cancelled", 5))
    life = door.life("304")
    assert (life.record.purchases.count, life.record.purchases.spent) == (0, 0)

    await door.post("order.updated", order("processing", 6, id=4712, number="4712"))
    await door.post("order.updated", order("cancelled", 9, id=4712, number="4712", date_paid_gmt="2026-11-20T09:06:00"))
    life = door.life("304")
    assert (life.record.purchases.count, life.record.purchases.cancelled) == (1, 1)


async def test_an_order_in_the_bin_is_cancelled_and_out_of_it_restored(door: ShopDoor) -> None:
    await door.post("order.created", order("processing"))
    assert (await door.post("order.deleted", {"id": 4711})).json()["taken"] == 1
    assert door.life("304").order("4711").is_cancelled


async def test_a_guest_is_known_by_a_pseudonym_of_the_address_however_it_is_written(door: ShopDoor) -> None:
    for number, email in ((1, "Guest.Five@mail.test"), (2, "guest.five@mail.test")):
        body = order("processing", id=number, number=str(number), customer_id=0, billing={"email": email})
        await door.post("order.created", body)

    (customer,) = door.customers
    assert customer.startswith("c_")
    assert door.life(customer).record.purchases.count == 2


async def test_an_account_is_opened_and_changed(door: ShopDoor) -> None:
    person = {
        "id": 305, "date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": None, "email": "ali@mail.test",
        "first_name": "Ali", "last_name": "Can", "billing": {"phone": "0151 12345064", "country": "DE"},
    }  # fmt: skip
    await door.post("customer.created", person)
    later = {**person, "last_name": "Can-Berg", "date_modified_gmt": "2026-11-21T09:00:00"}
    await door.post("customer.updated", later)
    assert (await door.post("customer.deleted", {"id": 305})).json()["left_out"] == "an account that was closed"

    profile = door.life("305").record.profile
    assert (profile.name, profile.phone, bool(profile.registered)) == ("Ali Can-Berg", "+4915112345064", True)


async def test_what_is_not_signed_is_not_believed(door: ShopDoor) -> None:
    assert (await door.post("order.updated", order("processing"), signed=b"")).status_code == 401
    assert (await door.post("order.updated", order("processing"), signed=b"wrong")).status_code == 401
    assert door.safe == []
