"""Shopify's webhooks, as they really come: repeated, in the wrong order, edited, as differences, years late.

The situations are told in stlk/django-shopify-webhook #13, nozzlegear/ShopifySharp #919, Shopify/shopify-api-js #916
(one order in several webhooks), lightward/mechanic-tasks PR #7, bold-commerce/go-shopify PR #299 (edits and their
totals), woocommerce/migrator-cli PR #6 (imports through the live door), and in Shopify's documentation of orders,
refunds and webhooks. All data is invented.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest

from agents.gateway.webhooks import SHOPIFY
from tests.agents.connectors.shop_doors import ShopDoor
from tests.agents.senders.sending import redis_at

CREATED = "2026-11-18T16:00:00+01:00"


@pytest.fixture
async def door(store_server: str) -> AsyncIterator[ShopDoor]:
    client = redis_at(store_server)
    opened = ShopDoor(SHOPIFY, client)
    yield opened
    await opened.web.aclose()
    await client.aclose()


def line(sku: str, price: str, quantity: int = 1, current: int | None = None) -> dict[str, Any]:
    kept = quantity if current is None else current
    return {"id": hash(sku) % 1_000, "sku": sku, "price": price, "quantity": quantity, "current_quantity": kept}


def order(**changes: Any) -> dict[str, Any]:
    told = {
        "id": 5900000000777,
        "name": "#1777",
        "email": "ines@mail.test",
        "created_at": CREATED,
        "updated_at": CREATED,
        "processed_at": CREATED,
        "currency": "EUR",
        "total_price": "60.00",
        "current_total_price": "60.00",
        "financial_status": "pending",
        "cancelled_at": None,
        "test": False,
        "line_items": [line("NOVEL", "20.00", 2), line("POEMS", "15.00")],
        "refunds": [],
        "fulfillments": [],
        "customer": {"id": 7100000000777, "email": "ines@mail.test", "first_name": "Inês", "last_name": "Costa"},
    }
    return {**told, **changes}


def money_back(number: int, amount: str, restock: str = "no_restock", status: str = "success") -> dict[str, Any]:
    paid = [{"kind": "refund", "status": status, "amount": amount, "currency": "EUR"}] if amount else []
    return {
        "id": number,
        "order_id": 5900000000777,
        "processed_at": "2026-11-24T09:00:00+01:00",
        "refund_line_items": [{"restock_type": restock, "quantity": 1}],
        "transactions": paid,
    }


EDIT = money_back(1, "")
EDITED = order(
    updated_at="2026-11-18T17:00:01+01:00",
    total_price="70.00",
    current_total_price="50.00",
    refunds=[EDIT],
    line_items=[line("NOVEL", "20.00", 2, 1), line("POEMS", "15.00"), line("CARDS", "10.00")],
)
PAID = {**EDITED, "updated_at": "2026-11-19T08:00:00+01:00", "financial_status": "paid"}
REFUND = money_back(2, "15.00", "return")
REFUNDED = {
    **PAID,
    "updated_at": "2026-11-24T09:00:01+01:00",
    "current_total_price": "35.00",
    "refunds": [EDIT, REFUND],
}


async def test_an_order_told_by_several_webhooks_is_placed_once(door: ShopDoor) -> None:
    for _ in range(2):
        for topic in ("orders/create", "orders/create", "orders/paid", "orders/updated"):
            assert (await door.post(topic, order(), headers={"x-shopify-webhook-id": topic})).status_code == 200

    life = door.life("7100000000777")
    assert (life.record.purchases.count, life.record.purchases.spent) == (1, 6_000)
    assert life.record.points.earned == 60
    assert sorted(set(door.kinds)) == ["customer.updated", "order.placed"]
    assert life.record.profile.name == "Inês Costa"
    assert life.order("#1777").placed == door.safe[-1].event.at


@pytest.mark.parametrize("sequence", list(permutations(range(4)))[::3])
async def test_an_edited_and_refunded_order_ends_alike_in_whatever_order_it_comes(
    door: ShopDoor, sequence: tuple[int, ...]
) -> None:
    told = [("orders/create", order()), ("orders/updated", EDITED), ("refunds/create", REFUND), ("orders/paid", PAID)]
    for place in sequence:
        assert (await door.post(*told[place])).status_code == 200
    await door.post("orders/updated", REFUNDED)

    kept = door.life("7100000000777").order("#1777")
    assert (kept.amount, kept.refunded, len(kept.refunds)) == (5_000, 1_500, 1)
    assert kept.came_back


async def test_an_edit_is_no_money_back(door: ShopDoor) -> None:
    await door.post("orders/create", order())
    await door.post("orders/updated", EDITED)

    kept = door.life("7100000000777").order("#1777")
    assert (kept.amount, kept.refunded) == (5_000, 0)
    updated = next(one.event for one in door.safe if one.event.type == "order.updated")
    assert [(item.sku, item.quantity, item.price) for item in updated.items or ()] == [
        ("NOVEL", 1, 2_000),
        ("POEMS", 1, 1_500),
        ("CARDS", 1, 1_000),
    ]


async def test_a_message_that_is_only_a_difference_is_answered_and_counted(door: ShopDoor) -> None:
    answer = await door.post("orders/edited", {"order_edit": {"order_id": 5900000000777}})

    assert (answer.status_code, answer.json()["taken"]) == (200, 0)
    assert 'door="shopify",reason="a difference only' in door.counted()
    assert door.safe == []


async def test_news_of_an_order_that_has_not_come_waits_for_it(door: ShopDoor) -> None:
    parcel = {"id": 9, "order_id": 5900000000777, "status": "success", "created_at": "2026-11-20T08:00:00+01:00"}
    for _ in range(2):
        assert (await door.post("refunds/create", REFUND)).json() == {"taken": 0, "left_out": "waits for its order"}
        await door.post("fulfillments/create", {**parcel, "tracking_company": "DHL"})
    assert door.safe == []

    await door.post("orders/create", order())

    assert sorted(door.kinds) == [
        "customer.updated", "order.dispatched", "order.placed", "order.returned", "refund.paid"
    ]  # fmt: skip
    assert {one.event.customer for one in door.safe} == {"7100000000777"}


async def test_an_imported_history_has_its_own_dates(door: ShopDoor) -> None:
    """created_at is the moment of the import, processed_at that of the purchase."""
    imported = order(
        created_at="2026-11-28T14:00:00+01:00", updated_at="2026-11-28T14:00:00+01:00",
        processed_at="2024-01-01T12:00:00+01:00", tags="imported",
    )  # fmt: skip
    await door.post("orders/create", imported)

    assert {one.event.time.year for one in door.safe} == {2024}


async def test_a_parcel_that_arrived_is_a_delivery(door: ShopDoor) -> None:
    await door.post("orders/create", order())
    arrived = {
        "id": 9, "order_id": 5900000000777, "status": "success", "created_at": "2026-11-20T08:00:00+01:00",
        "updated_at": "2026-11-22T10:00:00+01:00", "shipment_status": "delivered",
    }  # fmt: skip
    await door.post("fulfillments/update", arrived)
    await door.post("orders/fulfilled", order(fulfillments=[arrived], updated_at="2026-11-22T10:00:05+01:00"))

    assert door.life("7100000000777").order("#1777").status == "delivered"
    assert door.kinds.count("order.delivered") == 1


async def test_a_cancelled_order_is_no_sale_and_a_test_order_none_at_all(door: ShopDoor) -> None:
    await door.post("orders/create", order(id=1, name="#T", test=True))
    assert door.safe == []

    gone = "2026-11-19T08:00:00+01:00"
    await door.post("orders/create", order())
    await door.post("orders/cancelled", order(cancelled_at=gone, updated_at=gone, cancel_reason="customer"))

    assert door.life("7100000000777").record.purchases.spent == 0
    assert 'reason="a test order"' in door.counted()


async def test_a_guest_is_known_by_a_pseudonym_of_the_address(door: ShopDoor) -> None:
    await door.post("orders/create", order(customer=None))

    (customer,) = door.customers
    assert customer.startswith("c_")
    answer = await door.post("orders/create", order(id=2, customer=None, email=None))
    assert answer.json()["left_out"] == "no customer is named"


async def test_a_refund_under_way_is_owed_until_it_is_paid(door: ShopDoor) -> None:
    await door.post("orders/create", order())
    await door.post("refunds/create", money_back(3, "15.00", status="pending"))
    assert door.life("7100000000777").order("#1777").owed_since

    await door.post("refunds/create", money_back(3, "15.00"))
    kept = door.life("7100000000777").order("#1777")
    assert (kept.refunded, kept.owed_since) == (1_500, 0)


async def test_a_customer_opens_an_account_says_yes_and_wants_to_be_forgotten(door: ShopDoor) -> None:
    said = {"state": "subscribed", "consent_updated_at": "2026-11-02T08:00:00+01:00"}
    person = {
        "id": 7100000000888, "state": "enabled", "email": "jo@mail.test", "first_name": "Jo", "created_at": CREATED,
        "updated_at": CREATED, "email_marketing_consent": said,
    }  # fmt: skip
    await door.post("customers/create", person)
    life = door.life("7100000000888")
    assert life.record.profile.registered
    assert [(one.channel, one.purpose, one.granted) for one in life.record.consents] == [("email", "marketing", True)]

    sent = {"x-shopify-triggered-at": "2026-11-29T09:00:00.412345Z"}
    await door.post("customers/redact", {"customer": {"id": 7100000000888}, "orders_to_redact": []}, headers=sent)
    assert door.life("7100000000888").record.erased


async def test_a_customer_without_an_account_is_not_welcomed_as_if_there_were_one(door: ShopDoor) -> None:
    person = {"id": 1, "state": "disabled", "email": "jo@mail.test", "created_at": CREATED, "updated_at": CREATED}
    await door.post("customers/create", person)

    assert door.kinds == ["customer.updated"]


async def test_a_checkout_is_the_cart_that_its_order_takes_along(door: ShopDoor) -> None:
    checkout = {
        "token": "k-1", "customer": {"id": 7100000000777}, "total_price": "60.00", "currency": "EUR",
        "updated_at": "2026-11-18T15:50:00+01:00", "completed_at": None,
    }  # fmt: skip
    await door.post("checkouts/update", checkout)
    cart = door.life("7100000000777").record.cart
    assert cart is not None
    assert (cart.id, cart.value) == ("k-1", 6_000)

    await door.post("orders/create", order(checkout_token="k-1"))
    assert door.life("7100000000777").record.cart is None


@pytest.mark.parametrize("signed", [b"", b"bm90IG91cnM=", b"%%"])
async def test_what_is_not_signed_is_not_believed(door: ShopDoor, signed: bytes) -> None:
    answer = await door.post("orders/create", order(), signed=signed)

    assert (answer.status_code, answer.json()["error"]) == (401, "wrong_signature")
    assert door.safe == []


async def test_a_signature_holds_for_the_bytes_that_were_signed_and_no_others(door: ShopDoor) -> None:
    good = await door.post("orders/create", b'{"id": 1,   "test": true}')
    assert good.status_code == 200

    bad = await door.post("orders/create", b'{"id":1,"test":true}', signed=b"Zm9v")
    assert bad.status_code == 401


async def test_what_kafka_has_not_acknowledged_is_not_answered_as_done(door: ShopDoor) -> None:
    door.away = True
    answer = await door.post("orders/create", order())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")

    door.away = False
    assert (await door.post("orders/create", order())).status_code == 200
    assert door.life("7100000000777").record.purchases.count == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": "euro"}, "currency"),
        ({"total_price": "much"}, "total_price"),
        ({"processed_at": "yesterday"}, "processed_at"),
        ({"id": None}, "id"),
    ],
)
async def test_what_cannot_be_read_names_its_field_and_is_not_sent_forever(
    door: ShopDoor, changes: dict[str, Any], named: str
) -> None:
    answer = await door.post("orders/create", order(**changes))

    assert answer.status_code == 200
    assert named in answer.json()["refused"][0]
    assert f'reason="{named}"' in door.counted()


async def test_a_shop_of_another_currency_counts_in_its_own_minor_units(door: ShopDoor) -> None:
    await door.post(
        "orders/create", order(currency="JPY", total_price="6000", current_total_price="6000", line_items=[])
    )

    assert door.life("7100000000777").order("#1777").amount == 6_000


async def test_whose_orders_were_is_forgotten_with_the_customer(door: ShopDoor) -> None:
    await door.post("orders/create", order())
    assert await door.orders.holds("7100000000777")

    await door.orders.erase("7100000000777")

    assert not await door.orders.holds("7100000000777")
    assert await door.orders.find("5900000000777") is None
