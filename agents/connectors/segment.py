"""Segment's calls: what each type, and each name of its e-commerce specification, becomes.

Source: https://segment.com/docs/connections/spec/, …/ecommerce/v2/, …/sources/catalog/libraries/server/http-api/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from agents.connectors.told import (
    MOST_ITEMS,
    Body,
    LeftOut,
    Refused,
    Told,
    codes,
    label,
    mapping,
    mappings,
    minor,
    moment,
    number,
    quantity,
    reference,
    rfc3339,
    text,
    told_id,
)
from schemas.ids import digest


class How(Enum):
    """How a property of theirs becomes a field of ours."""

    TEXT = "as it is"
    ID = "as an id"
    AMOUNT = "in minor units"
    LINE = "in minor units, times `quantity`"
    PIECES = "a number of pieces"
    COUNT = "a number"
    CURRENCY = "its code"
    ITEMS = "as items"
    CODES = "as a list of codes"
    CART = "as an id; without one, a cart of this person's"


class Field(NamedTuple):
    """A field of ours, and the properties that tell it; the first that is there counts."""

    ours: str
    theirs: tuple[str, ...]
    how: How
    needed: bool = False


class Name(NamedTuple):
    """A row of the table: a name of the e-commerce specification."""

    theirs: tuple[str, ...]
    kind: str
    fields: tuple[Field, ...]


_ORDER: Final = Field("order_id", ("order_id",), How.ID, needed=True)
_CART: Final = Field("cart_id", ("cart_id", "checkout_id"), How.CART, needed=True)
_SKU: Final = Field("sku", ("sku", "product_id", "variant"), How.TEXT, needed=True)
_CURRENCY: Final = Field("currency", ("currency",), How.CURRENCY, needed=True)
_TOTAL: Final = Field("amount", ("total", "revenue", "value"), How.AMOUNT, needed=True)
_ITEMS: Final = Field("items", ("products",), How.ITEMS)
_REASON: Final = Field("reason", ("reason",), How.TEXT)

NAMES: Final = (
    Name(("Product Viewed",), "product.viewed", (_SKU, Field("category", ("category",), How.TEXT))),
    Name(
        ("Products Searched",),
        "search.performed",
        (
            Field("query", ("query",), How.TEXT, needed=True),
            Field("results", ("results", "results_count", "products"), How.COUNT, needed=True),
        ),
    ),
    Name(
        ("Product Added",),
        "cart.item_added",
        (
            _CART,
            _SKU,
            Field("quantity", ("quantity",), How.PIECES),
            Field("price", ("price",), How.LINE, needed=True),
            _CURRENCY,
        ),
    ),
    Name(("Product Added to Wishlist",), "wishlist.added", (_SKU,)),
    Name(("Product Removed from Wishlist",), "wishlist.removed", (_SKU,)),
    Name(("Product Removed",), "cart.item_removed", (_CART, _SKU)),
    Name(
        ("Checkout Started",),
        "checkout.started",
        (_CART, Field("amount", ("value", "total", "revenue"), How.AMOUNT, needed=True), _CURRENCY),
    ),
    Name(
        ("Order Completed",),
        "order.placed",
        (
            _ORDER,
            _TOTAL,
            _CURRENCY,
            _ITEMS,
            Field("coupons", ("coupon",), How.CODES),
            Field("cart_id", ("cart_id", "checkout_id"), How.ID),
        ),
    ),
    Name(("Order Updated",), "order.updated", (_ORDER, _TOTAL, _ITEMS)),
    Name(("Order Refunded",), "refund.paid", (_ORDER, _TOTAL)),
    Name(("Order Cancelled",), "order.cancelled", (_ORDER, _REASON)),
    Name(("Coupon Denied",), "coupon.refused", (Field("code", ("coupon", "coupon_id"), How.ID, needed=True), _REASON)),
)
_BY_NAME: Final = {theirs.casefold(): row for row in NAMES for theirs in row.theirs}

TRAITS: Final = (
    Field("email", ("email",), How.TEXT),
    Field("phone", ("phone",), How.TEXT),
    Field("name", ("name",), How.TEXT),
    Field("birthday", ("birthday",), How.TEXT),
    Field("locale", ("locale",), How.TEXT),
    Field("zone", ("timezone",), How.TEXT),
)
"""Of ``identify``; beside them ``firstName`` and ``lastName``, and locale and zone of the ``context``."""


class Reader(NamedTuple):
    """What is the same for all calls of a request."""

    now: datetime
    currency: str = ""
    """Where a call names none."""


def read(call: Any, reader: Reader) -> Told:
    """The event in a call.

    Raises:
        LeftOut: there is nothing in it to record.
        Refused: it cannot be read.
    """
    if not isinstance(call, Mapping):
        raise Refused("", "expected an object")
    kind = call.get("type")
    if kind == "identify":
        told = _identified(call)
    elif kind == "track":
        told = _tracked(call, reader)
    elif kind in ("page", "screen", "group", "alias"):
        raise LeftOut(f"{kind} has no event here")
    else:
        raise Refused("type", "expected identify, track, page, screen, group or alias")
    return told | {"id": _id(call), "customer": person(call), "time": rfc3339(_time(call, reader.now))}


def person(call: Body) -> str:
    """Who it is about: the store's own id, else the one of the device.

    Raises:
        Refused: nobody is named.
    """
    found = number(call.get("userId")) or text(call.get("anonymousId"))
    if not found:
        raise Refused("userId", "expected userId or anonymousId")
    return found


def _tracked(call: Body, reader: Reader) -> Told:
    name, properties = text(call.get("event")), mapping(call.get("properties"))
    if not name:
        raise Refused("event", "expected the name of what happened")
    row = _BY_NAME.get(name.casefold())
    if row is None:
        raise LeftOut("a name without a meaning here")
    currency = text(properties.get("currency")) or reader.currency
    told: Told = {"type": row.kind}
    for field in row.fields:
        if (value := _value(field, properties, currency, call)) is not None:
            told[field.ours] = value
    if row.kind == "refund.paid":
        told["refund"] = _id(call)
    return told


def _value(field: Field, properties: Body, currency: str, call: Body) -> Any:
    theirs = next((name for name in field.theirs if properties.get(name) not in (None, "")), "")
    given = properties.get(theirs) if theirs else None
    where = f"properties.{theirs or field.theirs[0]}"
    if field.how in (How.CURRENCY, How.AMOUNT, How.LINE) and not currency:
        raise Refused("currency", "expected an ISO 4217 code such as EUR; TEND_SEGMENT_CURRENCY says one for all")
    if field.how is How.CURRENCY:
        return currency
    if field.how is How.CART:
        return reference(where, given) if theirs else f"cart-{digest('cart', person(call), size=8).hex()}"
    if given is None:
        if field.needed:
            raise Refused(where, "is missing")
        return None
    return _converted(field, given, where, currency, properties)


def _converted(field: Field, given: Any, where: str, currency: str, properties: Body) -> Any:
    if field.how is How.ID:
        return reference(where, given)
    if field.how is How.AMOUNT:
        return minor(where, given, currency)
    if field.how is How.LINE:
        return minor(where, given, currency) * quantity(properties.get("quantity", 1))
    if field.how is How.PIECES:
        return quantity(given)
    if field.how is How.COUNT:
        return len(given) if isinstance(given, list) else given
    if field.how is How.CODES:
        return codes(given if isinstance(given, list) else [given])
    if field.how is How.ITEMS:
        return _items(given, currency)
    return label(given) if field.ours != "query" else text(given)[:200]


def _items(given: Any, currency: str) -> list[Told]:
    found = []
    for one in mappings(given)[:MOST_ITEMS]:
        sku = (text(one.get("sku")) or number(one.get("product_id")))[:64]
        if sku:
            pieces = quantity(one.get("quantity", 1))
            item: Told = {"sku": sku, "quantity": pieces}
            item["price"] = minor("properties.products.price", one.get("price") or 0, currency) * pieces
            if category := label(one.get("category")):
                item["category"] = category
            found.append(item)
    return found


def _identified(call: Body) -> Told:
    traits, context = mapping(call.get("traits")), mapping(call.get("context"))
    told: Told = {"type": "customer.updated"}
    for field in TRAITS:
        given = next((traits[name] for name in field.theirs if traits.get(name) not in (None, "")), None)
        if given is not None:
            told[field.ours] = text(given) if isinstance(given, str) else given
    both = " ".join(filter(None, (text(traits.get("firstName")), text(traits.get("lastName")))))
    around = {"name": both, "locale": text(context.get("locale")), "zone": text(context.get("timezone"))}
    told |= {name: value for name, value in around.items() if value and name not in told}
    if region := label(mapping(traits.get("address")).get("state")):
        told["region"] = region
    if "birthday" in told and isinstance(told["birthday"], str):
        told["birthday"] = told["birthday"].partition("T")[0]
    if len(told) == 1:
        raise LeftOut("identify without a trait that has a meaning here")
    return told


def _time(call: Body, now: datetime) -> datetime:
    given = call.get("timestamp") or call.get("originalTimestamp") or call.get("sentAt")
    # A device whose clock is ahead says nothing about the future.
    return min(moment("timestamp", given), now) if given else now


def _id(call: Body) -> str:
    told = text(call.get("messageId"))
    if told:
        return told_id("segment", told)
    same = {name: value for name, value in call.items() if name != "sentAt"}
    return told_id("segment", "", orjson.dumps(same, option=orjson.OPT_SORT_KEYS).decode())
