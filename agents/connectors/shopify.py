"""Shopify's webhooks: what each topic becomes.

An order comes whole and often: with ``orders/create``, ``orders/paid``, ``orders/updated`` … Each of them says that it
was placed, under one id, and what was changed since.
Source: https://shopify.dev/docs/api/admin-rest/latest/resources/order, …/webhook
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final

from agents.connectors import shopify_parcels
from agents.connectors.hooks import Hook, Topic, left_out
from agents.connectors.shopify_money import amount_of, in_customers_currency, refund, refunds
from agents.connectors.shopify_people import (
    consents,
    contact,
    customer_of,
    read_consent,
    read_customer,
    read_erasure,
    read_merge,
)
from agents.connectors.told import (
    MOST_ITEMS,
    Body,
    LeftOut,
    Reading,
    Told,
    codes,
    label,
    mapping,
    mappings,
    minor,
    moment,
    news,
    number,
    own_id,
    quantity,
    reference,
    rfc3339,
    text,
    told_id,
)

_news: Final = partial(news, "shopify")


def _order(hook: Hook) -> Reading:
    order = hook.body
    if order.get("test") is True:
        raise LeftOut("a test order")
    customer, own = customer_of(order), own_id(order)
    name = reference("name", order.get("name") or own)
    base: Told = {"customer": customer, "order_id": name}
    placed = moment("processed_at", order.get("processed_at") or order.get("created_at"))
    events = [*contact(order, customer, own, placed), *consents(mapping(order.get("customer")), customer)]
    events.append(_placed(order, base, own, placed))
    if hook.topic != "orders/create":
        events += _edited(order, base, own, placed)
    events += [one | base for one in (*refunds(order, own), *_cancelled(order, own, placed))]
    changed = moment("updated_at", order.get("updated_at") or rfc3339(placed))
    return Reading(tuple(events), own, customer, name, facts=tuple(shopify_parcels.of_order(order, changed)))


def _placed(order: Body, base: Told, own: str, placed: datetime) -> Told:
    told = base | {
        "type": "order.placed", "id": told_id("shopify", "order.placed", own), "time": rfc3339(placed),
        "amount": amount_of(order), "currency": text(order.get("currency")), "items": _items(order),
        "coupons": codes(one.get("code") for one in mappings(order.get("discount_codes"))),
    }  # fmt: skip
    if cart := order.get("checkout_token"):
        told["cart_id"] = reference("checkout_token", cart)
    return told


def _edited(order: Body, base: Told, own: str, placed: datetime) -> Iterator[Told]:
    changed = moment("updated_at", order.get("updated_at") or rfc3339(placed))
    if changed <= placed:
        return
    amount = amount_of(order)
    yield base | {
        "type": "order.updated", "id": told_id("shopify", "order.updated", own, rfc3339(changed), str(amount)),
        "time": rfc3339(changed), "amount": amount, "items": _items(order),
    }  # fmt: skip


def _items(order: Body) -> list[Told]:
    found, currency = [], text(order.get("currency"))
    for line in mappings(order.get("line_items")):
        pieces = line.get("current_quantity", line.get("quantity"))
        sku = (text(line.get("sku")) or number(line.get("variant_id")) or text(line.get("title")))[:64]
        if not sku or not pieces:
            continue
        given = mappings(line.get("discount_allocations"))
        off = sum(minor("discount", one.get("amount") or 0, currency, signed=True) for one in given)
        whole = minor("price", line.get("price") or 0, currency, signed=True) * quantity(pieces)
        if whole >= 0:  # a line below nothing is a discount of some app, and no goods
            found.append({"sku": sku, "quantity": quantity(pieces), "price": max(0, whole - off)})
    return found[:MOST_ITEMS]


def _cancelled(order: Body, own: str, placed: datetime) -> Iterator[Told]:
    told = order.get("cancelled_at")
    if told is None and order.get("financial_status") != "voided":
        return
    at = moment("cancelled_at", told or order.get("updated_at") or rfc3339(placed))
    found: Told = {"time": rfc3339(at)}
    if reason := label(order.get("cancel_reason")):
        found["reason"] = reason
    yield _news("order.cancelled", own, "", found)


def _edit(hook: Hook) -> Reading:
    raise LeftOut("a difference only; orders/updated tells the whole order")


def _deleted(hook: Hook) -> Reading:
    own = own_id(hook.body)
    return Reading(order=own, loose=(_news("order.cancelled", own, "", {"time": rfc3339(hook.at)}),))


def _refund_alone(hook: Hook) -> Reading:
    own = reference("order_id", hook.body.get("order_id"))
    if in_customers_currency(hook.body):
        raise LeftOut("in the customer's currency; orders/updated tells it in the shop's")
    loose = tuple(refund(hook.body, own, {}))
    if not loose:
        raise LeftOut("an edit of an order, without money")
    return Reading(order=own, loose=loose)


def _payment(hook: Hook) -> Reading:
    body = hook.body
    if body.get("kind") not in ("sale", "authorization", "capture") or body.get("status") not in ("failure", "error"):
        raise LeftOut("a payment that its order tells")
    if body.get("test") is True:
        raise LeftOut("a test order")
    own, ref = reference("order_id", body.get("order_id")), number(body.get("id"))
    at = moment("processed_at", body.get("processed_at") or body.get("created_at"))
    told: Told = {"time": rfc3339(at)}
    if reason := label(body.get("error_code")):
        told["reason"] = reason
    return Reading(order=own, loose=(_news("payment.failed", own, ref, told),))


def _checkout(hook: Hook) -> Reading:
    checkout = hook.body
    if checkout.get("completed_at") is not None:
        raise LeftOut("a checkout that its order tells")
    customer = customer_of(checkout)
    cart = reference("token", checkout.get("token"))
    currency = text(checkout.get("currency")) or text(checkout.get("presentment_currency"))
    at = rfc3339(moment("updated_at", checkout.get("updated_at") or checkout.get("created_at")))
    amount = minor("total_price", checkout.get("total_price"), currency)
    told: Told = {
        "type": "checkout.started", "id": told_id("shopify", "checkout.started", cart, at, str(amount)), "time": at,
        "customer": customer, "cart_id": cart, "amount": amount, "currency": currency,
    }  # fmt: skip
    return Reading((told,), customer=customer)


_ORDERS: Final = (
    "orders/create", "orders/updated", "orders/paid", "orders/partially_fulfilled", "orders/fulfilled",
    "orders/cancelled",
)  # fmt: skip
TABLE: Final[tuple[Topic, ...]] = (
    Topic(
        _ORDERS,
        "`order.placed` at `processed_at` under its `name`; from the second message on `order.updated` where it was "
        "edited; `order.dispatched` and `order.delivered` by `fulfillments`, as below; `refund.paid` by `refunds` with "
        "money (with `order.returned` where goods were restocked as returned, `refund.requested` while the payment is "
        "pending); `order.cancelled` by `cancelled_at` or a voided payment; `customer.updated` and consents by "
        "`customer`. Test orders are left out",
        _order,
    ),
    Topic(("orders/edited",), "nothing: it tells a difference, `orders/updated` tells the whole order", _edit),
    Topic(("orders/delete",), "`order.cancelled`", _deleted),
    Topic(
        ("refunds/create",),
        "as `refunds` of the order; without money it was an edit. Money in another currency than the shop's is left to "
        "`orders/updated`, which tells the order's total in both",
        _refund_alone,
    ),
    Topic(
        ("fulfillments/create", "fulfillments/update"),
        "`order.dispatched` of the parcel; `order.delivered` of it where `shipment_status` is delivered or picked_up, "
        "and of the whole order when all pieces that the customer is to get have arrived, by the `quantity` of lines "
        "in parcels and the order's `current_quantity`. Cancelled ones are none, nor is what needs no shipping, or was "
        "handed over at a till",
        shopify_parcels.read_parcel,
    ),
    Topic(
        ("fulfillment_events/create",),
        "the same arrival at `happened_at`; steps on the way: nothing",
        shopify_parcels.read_tracking,
    ),
    Topic(("order_transactions/create",), "`payment.failed` where a payment failed; else nothing", _payment),
    Topic(
        ("checkouts/create", "checkouts/update"),
        "`checkout.started` of the cart `token`, where a customer is named; completed ones are left out",
        _checkout,
    ),
    Topic(
        ("customers/create", "customers/update", "customers/enable", "customers/disable"),
        "`customer.registered` where an account is opened (`state` enabled), else `customer.updated`; consents",
        read_customer,
    ),
    Topic(
        ("customers_email_marketing_consent/update", "customers_marketing_consent/update"),
        "`consent.granted` where subscribed, `consent.withdrawn` where unsubscribed",
        read_consent,
    ),
    Topic(("customers/merge",), "`customer.identified` where completed: who was deleted is whom was kept", read_merge),
    Topic(
        ("customers/redact",), "`erasure.requested`, also of the guest with their address or number", read_erasure
    ),
    Topic(
        ("customers/data_request", "shop/redact", "customers/delete"),
        "nothing by itself: counted, for a person to act on (`tend customer ID --json`)",
        left_out("for a person to act on"),
    ),
)  # fmt: skip
