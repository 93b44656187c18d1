"""Webhooks of shops as they really come: one fact told often, two totals, what is no trade, and news of years ago."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from schemas.times import to_millis
from tests.agents.connectors.shop_doors import ShopDoor
from tests.builders import START
from tests.doors.told import Sent, comes_in, requests_of

SHOPIFY_TOPIC, WOO_TOPIC = "x-shopify-topic", "x-wc-webhook-topic"
MIA = "7100000000001"


async def send(door: ShopDoor, *sent: Sent) -> list[int]:
    """Post them as they are, signed anew where they were signed well."""
    told = []
    for one in sent:
        ours = {name: value for name, value in one.headers.items() if not name.endswith(("hmac-sha256", "signature"))}
        answer = await door.post(one.topic, one.body, signed=None if one.signed else b"", headers=ours)
        told.append(answer.status_code)
    return told


def woo(number: int, status: str = "processing", minute: int = 0, **changes: Any) -> dict[str, Any]:
    """An order of WooCommerce's."""
    told = {
        "id": number,
        "number": str(number),
        "status": status,
        "currency": "EUR",
        "total": "40.00",
        "customer_id": 304,
        "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified_gmt": f"2026-11-20T09:{minute:02}:00",
        "billing": {"email": "gina@mail.test", "country": "DE"},
        "line_items": [{"sku": "GAME", "quantity": 2, "total": "33.61", "total_tax": "6.39"}],
        "refunds": [],
    }
    return {**told, **changes}


# ------------------------------------------------------------- one fact told often


@comes_in("told often", "stlk/django-shopify-webhook #13, nozzlegear/ShopifySharp #919, Shopify/shopify-api-js #916")
async def test_one_checkout_in_five_webhooks_told_twice_is_one_order(shopify: ShopDoor) -> None:
    sent = requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)

    assert {*await send(shopify, *sent), *await send(shopify, *reversed(sent))} == {200}

    life = shopify.life(MIA)
    order = life.order("#H1001")
    assert shopify.kinds.count("order.placed") == 1
    assert (life.record.purchases.count, life.record.purchases.spent, order.amount) == (1, 4_998, 4_998)
    assert order.placed == 1_795_166_102_000
    assert [(one.sku, one.quantity) for one in _placed(shopify).items] == [("H-ATLAS", 2)]


@comes_in("told often", "woocommerce/woocommerce #20047, #28329: one change fires up to four deliveries")
async def test_one_change_told_by_four_deliveries_of_a_woocommerce_webhook_is_one_fact(woocommerce: ShopDoor) -> None:
    for delivery in ("a", "b", "c", "d"):
        headers = {"x-wc-webhook-delivery-id": delivery}
        await woocommerce.post("order.updated", woo(11, "shipped", 5), headers=headers)

    life = woocommerce.life("304")
    assert (life.record.purchases.count, life.record.purchases.spent) == (1, 4_000)
    assert woocommerce.kinds.count("order.dispatched") == 1


@comes_in("told often", "woocommerce/woocommerce #19764: order.created and order.updated with the same order")
async def test_created_and_updated_with_the_same_order_are_one_order_in_either_order(woocommerce: ShopDoor) -> None:
    for number, topics in ((11, ("order.created", "order.updated")), (12, ("order.updated", "order.created"))):
        for topic in topics:
            await woocommerce.post(topic, woo(number))

    assert woocommerce.life("304").record.purchases.count == 2


@comes_in(
    "told often", "Shopify's documentation, orders/fulfilled and fulfillments/create: one parcel in three webhooks"
)
async def test_one_parcel_in_three_webhooks_leaves_once(shopify: ShopDoor) -> None:
    parcel = {"id": 77, "order_id": 5900000000101, "status": "success", "created_at": "2026-11-21T10:00:00+01:00"}
    whole = orjson.loads(requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)[0].body)
    fulfilled = {**whole, "fulfillments": [parcel], "updated_at": "2026-11-21T10:00:01+01:00"}

    await shopify.post("orders/create", whole)
    await shopify.post("fulfillments/create", parcel)
    for topic in ("orders/fulfilled", "orders/updated"):
        await shopify.post(topic, fulfilled)

    assert shopify.kinds.count("order.dispatched") == 1
    assert shopify.life(MIA).order("#H1001").status == "dispatched"


# ------------------------------------------------------------- two totals


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (0, 2, 1, 3, 5, 4)])
@comes_in("two totals", "lightward/mechanic-tasks PR #7, bold-commerce/go-shopify PR #299; Shopify's page Order")
async def test_an_order_edited_by_phone_and_refunded_in_part(shopify: ShopDoor, order: tuple[int, ...]) -> None:
    sent = requests_of("05-shopify-edited-order", SHOPIFY_TOPIC)
    customer = str(orjson.loads(sent[0].body)["customer"]["id"])
    name = str(orjson.loads(sent[0].body)["name"])

    assert set(await send(shopify, *(sent[one] for one in order[:4]))) == {200}
    edited = shopify.life(customer).order(name)
    assert (edited.amount, edited.refunded) == (5_000, 0)

    await send(shopify, *(sent[one] for one in order[4:]))
    life = shopify.life(customer)
    assert (life.order(name).amount, life.order(name).refunded) == (5_000, 1_500)
    assert life.record.purchases.spent == 3_500
    refunds = {one.event.id: one.event for one in shopify.safe if one.event.type == "refund.paid"}
    assert [getattr(one, "refund", "") for one in refunds.values()] == ["960000000502"]


@comes_in("two totals", "bold-commerce/go-shopify PR #250, Shopify/shopify-api-ruby #397: shipping that is refunded")
async def test_shipping_alone_is_money_back_without_goods(shopify: ShopDoor) -> None:
    order = orjson.loads(requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)[0].body)
    back = {
        "id": 9, "order_id": order["id"], "processed_at": "2026-11-24T09:00:00+01:00", "refund_line_items": [],
        "order_adjustments": [{"kind": "shipping_refund", "amount": "-5.98"}],
        "transactions": [{"kind": "refund", "status": "success", "amount": "5.98", "currency": "EUR"}],
    }  # fmt: skip
    told = {**order, "refunds": [back], "current_total_price": "44.00", "updated_at": "2026-11-24T09:00:01+01:00"}

    await shopify.post("orders/create", order)
    for topic, body in (("refunds/create", back), ("orders/updated", told)):
        await shopify.post(topic, body)

    kept = shopify.life(MIA).order("#H1001")
    assert (kept.amount, kept.refunded) == (4_998, 598)
    assert "order.returned" not in shopify.kinds


@comes_in("two totals", "microsoft/BCApps PR #4336 and #5596: paid and refunded in the customer's currency")
async def test_money_back_in_the_customers_currency_is_counted_in_the_shops(shopify: ShopDoor) -> None:
    """The shop sells in euros, the customer paid dollars at 1.25: a transaction's amount is in dollars."""
    order = orjson.loads(requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)[0].body)
    both = {
        "shop_money": {"amount": "49.98", "currency_code": "EUR"},
        "presentment_money": {"amount": "62.48", "currency_code": "USD"},
    }
    order |= {"presentment_currency": "USD", "total_price_set": both, "current_total_price_set": both}
    part = {
        "shop_money": {"amount": "20.00", "currency_code": "EUR"},
        "presentment_money": {"amount": "25.00", "currency_code": "USD"},
    }
    back = {
        "id": 9, "order_id": order["id"], "processed_at": "2026-11-24T09:00:00+01:00",
        "refund_line_items": [{"quantity": 1, "restock_type": "no_restock", "subtotal_set": part}],
        "transactions": [{"kind": "refund", "status": "success", "amount": "25.00", "currency": "USD"}],
    }  # fmt: skip
    await shopify.post("orders/create", order)

    alone = await shopify.post("refunds/create", back)
    assert "customer's currency" in alone.json()["left_out"]
    told = {**order, "refunds": [back], "current_total_price": "29.98", "updated_at": "2026-11-24T09:00:01+01:00"}
    await shopify.post("orders/updated", told)

    kept = shopify.life(MIA).order("#H1001")
    assert (kept.amount, kept.refunded) == (4_998, 2_000)


@pytest.mark.parametrize(
    ("refunds", "refunded"),
    [
        ([{"id": 9, "total": "0.00"}], 4_000),
        ([{"id": 9, "total": None}], 4_000),
        ([{"id": 9, "total": "-0.00"}, {"id": 10, "total": "-40.00"}], 4_000),
        ([{"id": 9, "total": -12.5}], 1_250),
    ],
)
@comes_in(
    "two totals", "woocommerce/woocommerce #39215: refunds whose amount is 0.00 in webhooks, with another storage"
)
async def test_an_order_that_was_paid_back_counts_as_such_where_its_parts_tell_no_amount(
    woocommerce: ShopDoor, refunds: list[dict[str, Any]], refunded: int
) -> None:
    await woocommerce.post("order.updated", woo(11))
    await woocommerce.post("order.updated", woo(11, "refunded", 5, refunds=refunds))

    assert woocommerce.life("304").order("11").refunded == refunded


@comes_in(
    "two totals",
    "woocommerce/woocommerce #30400, mollie/WooCommerce PR #1058: lines below nothing, as discounts of plugins",
)
async def test_a_line_below_nothing_is_a_discount_and_loses_no_order(woocommerce: ShopDoor) -> None:
    lines = [
        {"sku": "GAME", "quantity": 2, "total": "42.02", "total_tax": "7.98"},
        {"sku": "GIFT-CARD", "quantity": 1, "total": "-10.00", "total_tax": "0.00"},
    ]
    answer = await woocommerce.post("order.created", woo(11, line_items=lines))

    assert answer.json().get("refused") is None
    assert [(one.sku, one.price) for one in _placed(woocommerce).items] == [("GAME", 5_000)]
    assert woocommerce.life("304").order("11").amount == 4_000


@comes_in("two totals", "frappe/ecommerce_integrations PR #460: lines of Shopify's below nothing, or all of it off")
async def test_a_line_of_shopifys_below_nothing_loses_no_order(shopify: ShopDoor) -> None:
    order = orjson.loads(requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)[0].body)
    off = {"sku": "OFF", "quantity": 1, "price": "-10.00"}
    free = {"sku": "FREE", "quantity": 2, "price": "4.00", "discount_allocations": [{"amount": "8.00"}]}
    answer = await shopify.post("orders/create", {**order, "line_items": [*order["line_items"], off, free]})

    assert answer.json().get("refused") is None
    assert [(one.sku, one.price) for one in _placed(shopify).items][1:] == [("FREE", 0)]
    assert shopify.life(MIA).order("#H1001").amount == 4_998


# ------------------------------------------------------------- no trade


@comes_in("no trade", "woocommerce/woocommerce #15642, #66995, #21952; frappe/erpnext PR #36705")
async def test_pings_drafts_and_states_before_the_sale_leave_one_order(woocommerce: ShopDoor) -> None:
    sent = requests_of("12-woo-ping-and-drafts", WOO_TOPIC)

    assert set(await send(woocommerce, *sent[:3], *sent[7:8], *sent[9:])) == {200}
    assert woocommerce.safe == []
    assert set(await send(woocommerce, *sent[3:7], sent[8])) == {200}

    life = woocommerce.life("304")
    placed = {one.event.order_id: one.event.amount for one in woocommerce.safe if one.event.type == "order.placed"}
    assert placed == {"4111": 3_500, "4113": 1_500}, "what waits to be picked up was sold"
    assert (life.record.purchases.count, life.record.purchases.spent, life.record.purchases.cancelled) == (2, 5_000, 0)
    assert life.order("4111").status == "placed"
    assert woocommerce.customers == {"304"}


@comes_in("no trade", "Shopify's documentation, DraftOrder: a quote that nobody has bought yet")
async def test_a_quote_is_no_order(shopify: ShopDoor) -> None:
    quote = {"id": 1, "name": "#D1", "status": "open", "total_price": "49.98", "currency": "EUR"}
    for topic in ("draft_orders/create", "draft_orders/update", "draft_orders/delete"):
        answer = await shopify.post(topic, quote)
        assert (answer.status_code, answer.json()["taken"]) == (200, 0)

    assert shopify.safe == []


@comes_in("no trade", "WooCommerce's documentation, webhooks: topics of products, coupons and actions of plugins")
async def test_webhooks_about_other_things_are_answered_so_that_the_shop_keeps_its_webhook(
    woocommerce: ShopDoor,
) -> None:
    for topic in ("product.updated", "coupon.created", "action.woocommerce_add_to_cart", "subscription.created"):
        answer = await woocommerce.post(topic, {"id": 1})
        assert (answer.status_code, answer.json()["taken"]) == (200, 0), topic

    assert woocommerce.safe == []


# ------------------------------------------------------------- news of years ago


@comes_in("old news", "woocommerce/migrator-cli PR #6, mailpoet/mailpoet #3163; Shopify's page Order (processed_at)")
async def test_a_shop_that_moves_in_brings_its_history_at_its_own_dates(shopify: ShopDoor) -> None:
    """400 orders of two years ago by 130 customers, twenty at a time; created_at is the day of the move."""
    template = orjson.loads(requests_of("01-shopify-same-event-three-times", SHOPIFY_TOPIC)[0].body)

    def old(number: int) -> dict[str, Any]:
        who = number % 130
        return {
            **template, "id": 59_000 + number, "name": f"#OLD{number}", "email": f"old{who}@mail.test",
            "created_at": "2026-11-28T14:00:00+01:00", "updated_at": "2026-11-28T14:00:00+01:00",
            "processed_at": f"2024-{1 + number % 12:02}-{1 + number % 28:02}T10:00:00+01:00", "tags": "imported",
            "customer": {**template["customer"], "id": 71_000 + who, "email": f"old{who}@mail.test"},
        }  # fmt: skip

    for first in range(0, 400, 20):
        answers = await asyncio.gather(*(shopify.post("orders/create", old(first + one)) for one in range(20)))
        assert {one.status_code for one in answers} == {200}

    placed = [one.event for one in shopify.safe if one.event.type == "order.placed"]
    assert (len(placed), len({one.customer for one in placed})) == (400, 130)
    assert sum(getattr(one, "amount", 0) for one in placed) == 400 * 4_998
    assert {one.time.year for one in placed} == {2024}
    assert max(shopify.life("71001").record.purchases.last, 0) < START


@comes_in("old news", "woocommerce/woocommerce: an importer sets date_created and touches date_modified today")
async def test_an_imported_woocommerce_order_is_of_the_day_it_was_made(woocommerce: ShopDoor) -> None:
    old = woo(21, "completed", date_created_gmt="2023-05-02T08:00:00", date_modified_gmt="2026-11-28T13:00:00")
    await woocommerce.post("order.updated", old)

    assert woocommerce.life("304").order("21").placed == to_millis(_placed(woocommerce).time)
    assert _placed(woocommerce).time.isoformat() == "2023-05-02T08:00:00+00:00"


def _placed(door: ShopDoor) -> Any:
    return next(one.event for one in door.safe if one.event.type == "order.placed")
