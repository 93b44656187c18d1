"""WooCommerce's webhooks: what each topic, and each state of an order, becomes.

An order comes whole, from its first draft on. What its state means stands in the same table as for imports
(:mod:`agents.imports.statuses`); a state that no table knows is left out by its name, and can be told by
``TEND_WOOCOMMERCE_STATUSES``.
Source: https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks, #orders
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from agents.connectors.hooks import Hook, Topic, left_out
from agents.connectors.told import (
    MOST_ITEMS,
    Body,
    LeftOut,
    Reading,
    Told,
    codes,
    details,
    guest_of,
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
from agents.connectors.woocommerce_turns import turns
from agents.imports.presets import WOOCOMMERCE
from agents.imports.statuses import STATUSES, Meaning, plain_status

_news: Final = partial(news, "woocommerce")
_ON_ITS_WAY: Final = (
    "shipped", "partially shipped", "partial shipped", "partially delivered", "dispatched", "in transit",
    "out for delivery", "updated tracking",
)  # fmt: skip
"""Of which the last parcel has not arrived, as plugins write it; WooCommerce itself knows no parcels."""
_ARRIVED: Final = ("delivered", "picked up")
_STATES: Final[Mapping[str, Meaning]] = {**STATUSES, **WOOCOMMERCE.statuses}
_NAME_OF_STATE: Final = 40


class State(NamedTuple):
    """A row of the table of states."""

    meaning: str
    becomes: str


def _order(hook: Hook) -> Reading:
    order, own = hook.body, own_id(hook.body)
    state = plain_status(text(order.get("status")))
    meaning = hook.states.get(state) or _STATES.get(state)
    if meaning is None:
        raise LeftOut(f"state without a meaning here: {text(order.get('status'))[:_NAME_OF_STATE]}")
    if meaning == "unpaid" and state != "failed":
        raise LeftOut("an order that is no sale yet")
    customer = _customer_of(order)
    name = reference("number", order.get("number") or own)
    base: Told = {"customer": customer, "order_id": name}
    if state == "failed":
        return Reading((base | _failed(order, own),), own, customer, name)
    placed, changed = _created(order), _changed(order)
    events: list[Told] = []
    if meaning != "cancelled" or order.get("date_paid_gmt") or order.get("date_paid"):
        events += _contact(order, customer, own, placed)
        events.append(base | _placed(order, own, placed))
        if hook.topic != "order.created" and changed > placed:
            events.append(base | _edited(order, own, changed))
    if hook.topic == "order.restored":
        events.append(base | _news("order.restored", own, rfc3339(changed), {"time": rfc3339(changed)}))
    refunds = dict(_refunds(order, own, meaning))
    named = [number(one.get("id")) for one in mappings(order.get("refunds"))]
    events += [base | one for one in _afterwards(own, meaning, state, refunds, rfc3339(changed))]
    return Reading(tuple(events), own, customer, name, facts=tuple(turns(meaning, refunds, named, changed)))


def _afterwards(own: str, meaning: Meaning, state: str, refunds: Mapping[str, int], time: str) -> Iterator[Told]:
    if state in _ON_ITS_WAY or state in _ARRIVED:
        yield _news("order.dispatched", own, "", {"time": time})
    if state in _ARRIVED:
        yield _news("order.delivered", own, "", {"time": time})
    if meaning == "cancelled":
        yield _news("order.cancelled", own, "", {"time": time})
    for ref, amount in refunds.items():
        yield _news("refund.paid", own, ref, {"time": time, "refund": ref, "amount": amount})


def _refunds(order: Body, own: str, meaning: Meaning) -> Iterator[tuple[str, int]]:
    """Money that went back, by reference; of an order that was paid back all of it, where its parts tell none."""
    currency, some = text(order.get("currency")), False
    for one in mappings(order.get("refunds")):
        if amount := abs(minor("refunds.total", one.get("total") or 0, currency, signed=True)):
            some = True
            yield reference("refunds.id", one.get("id")), amount
    if meaning == "refunded" and not some:
        yield f"{own}-whole", minor("total", order.get("total"), currency)


def _placed(order: Body, own: str, placed: datetime) -> Told:
    currency = text(order.get("currency"))
    told = {
        "amount": minor("total", order.get("total"), currency), "currency": currency, "items": _items(order),
        "coupons": codes(one.get("code") for one in mappings(order.get("coupon_lines"))), "time": rfc3339(placed),
    }  # fmt: skip
    return _news("order.placed", own, "", told)


def _edited(order: Body, own: str, changed: datetime) -> Told:
    amount = minor("total", order.get("total"), text(order.get("currency")))
    told = {"time": rfc3339(changed), "amount": amount, "items": _items(order)}
    return _news("order.updated", own, f"{rfc3339(changed)} {amount}", told)


def _failed(order: Body, own: str) -> Told:
    time = rfc3339(_changed(order))
    return _news("payment.failed", own, time, {"time": time, "reason": "failed"})


def _items(order: Body) -> list[Told]:
    found, currency = [], text(order.get("currency"))
    for line in mappings(order.get("line_items")):
        sku = (text(line.get("sku")) or number(line.get("variation_id")) or number(line.get("product_id")))[:64]
        if sku and line.get("quantity"):
            # The total of a line is net; its tax stands beside it. A line below nothing is a discount, and no goods.
            price = minor("line_items.total", line.get("total") or 0, currency, signed=True)
            price += minor("line_items.total_tax", line.get("total_tax") or 0, currency, signed=True)
            if price >= 0:
                found.append({"sku": sku, "quantity": quantity(line["quantity"]), "price": price})
    return found[:MOST_ITEMS]


def _deleted(hook: Hook) -> Reading:
    own, time = own_id(hook.body), rfc3339(hook.at)
    return Reading(order=own, loose=(_news("order.cancelled", own, "", {"time": time}),))


def _customer(hook: Hook) -> Reading:
    body = hook.body
    customer = own_id(body)
    new = hook.topic == "customer.created"
    at = _created(body) if new else _changed(body)
    told = _details(body, mapping(body.get("billing")))
    if not told and not new:
        raise LeftOut("nothing was said about the customer")
    kind = "customer.registered" if new else "customer.updated"
    id_ = told_id("woocommerce", kind, customer, "" if new else rfc3339(at))
    event: Told = {"type": kind, "id": id_, "time": rfc3339(at), "customer": customer, **told}
    return Reading((event,), customer=customer)


def _contact(order: Body, customer: str, own: str, at: datetime) -> Iterator[Told]:
    told = _details(mapping(order.get("billing")), mapping(order.get("billing")))
    if told:
        id_ = told_id("woocommerce", "contact", customer, own)
        yield {"type": "customer.updated", "id": id_, "time": rfc3339(at), "customer": customer, **told}


def _details(person: Body, billing: Body) -> Told:
    return details(
        email=text(person.get("email")) or text(billing.get("email")),
        phone=_phone(text(billing.get("phone")), text(billing.get("country"))),
        name=" ".join(filter(None, (text(person.get("first_name")), text(person.get("last_name"))))),
        region=text(billing.get("state")),
    )


def _phone(told: str, country: str) -> str:
    """In E.164 form, where it can be told; WooCommerce keeps it as it was typed."""
    try:
        from agents.imports.cells import phone_number

        return phone_number(told, country)
    except ModuleNotFoundError:  # phonenumbers comes with the extra for imports
        return told if told.startswith("+") else ""


def _customer_of(order: Body) -> str:
    """WooCommerce's id of the customer; of a guest, whose id is 0, the address, as in imports, or the number."""
    if account := number(order.get("customer_id")):
        return account
    billing = mapping(order.get("billing"))
    phone = text(billing.get("phone"))
    return guest_of([billing.get("email")], [_phone(phone, text(billing.get("country"))), phone])


def _created(body: Body) -> datetime:
    return moment("date_created_gmt", body.get("date_created_gmt"), utc=True)


def _changed(body: Body) -> datetime:
    return moment("date_modified_gmt", body.get("date_modified_gmt") or body.get("date_created_gmt"), utc=True)


TABLE: Final[tuple[Topic, ...]] = (
    Topic(
        ("order.created", "order.updated", "order.restored"),
        "by the state of the order, below; `order.restored` where it came back out of the bin, or was paid after it "
        "was cancelled; `refund.paid` by `refunds`, `refund.withdrawn` where one was deleted; `order.updated` where it "
        "was changed after it was made; `customer.updated` by `billing`",
        _order,
    ),
    Topic(("order.deleted",), "`order.cancelled`", _deleted),
    Topic(("customer.created",), "`customer.registered`", _customer),
    Topic(("customer.updated",), "`customer.updated`", _customer),
    Topic(
        ("customer.deleted",), "nothing: to forget a customer ask for erasure", left_out("an account that was closed")
    ),
)
STATES: Final = (
    State(
        "sale",
        "`order.placed` at `date_created_gmt` under its `number`; `order.dispatched` where it was shipped, in whole or "
        "in part; `order.delivered` where it was delivered or picked up, in whole. Completed claims no delivery",
    ),
    State("unpaid", "nothing yet; `payment.failed` where it is failed"),
    State("cancelled", "`order.cancelled`; before it `order.placed` where it was paid once"),
    State("refunded", "`order.placed`, and `refund.paid` of the whole where `refunds` names no amounts"),
)


def states_of(meaning: str) -> list[str]:
    """The states with a meaning, as WooCommerce and its known plugins write them."""
    return sorted(state.replace(" ", "-") for state, one in _STATES.items() if one == meaning and state.isascii())
