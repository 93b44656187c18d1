"""Segment's calls as events, by the tables of ``segment_names``.

Source: https://www.twilio.com/docs/segment/connections/spec, …/sources/catalog/libraries/server/http-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from agents.connectors.segment_names import NAMES, NOT_USED, TRAITS, Field, How
from agents.connectors.told import (
    MOST_ITEMS,
    MOST_LABEL,
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
    stars,
    text,
    told_id,
)
from schemas.ids import digest

_WHY_NOT: Final = {theirs.casefold(): row.why for row in NOT_USED for theirs in row.theirs}
_CALLS_NOT_USED: Final = ("page", "screen", "group")
_LONG: Final = {"query": 200, "text": 2_000, "title": 200}
_URL: Final = 400
"""Characters of an address: half of a longer one would lead nowhere."""
_BY_NAME: Final = {theirs.casefold(): row for row in NAMES for theirs in row.theirs}


class Reader(NamedTuple):
    """What is the same for all calls of a request."""

    now: datetime
    currency: str = ""
    """Where a call names none."""


def read(call: Any, reader: Reader) -> tuple[Told, ...]:
    """The events in a call.

    Raises:
        LeftOut: there is nothing in it to record.
        Refused: it cannot be read.
    """
    if not isinstance(call, Mapping):
        raise Refused("", "expected an object")
    kind = call.get("type")
    base = {"id": _id(call), "time": rfc3339(_time(call, reader.now))}
    if kind == "track":
        return (_tracked(call, reader) | base | {"customer": person(call)},)
    if kind == "identify":
        return tuple(_identified(call, base))
    if kind == "alias":
        return (_joined(text(call.get("previousId")), number(call.get("userId")), "previousId", base),)
    if kind in _CALLS_NOT_USED:
        raise LeftOut(f"{kind} has no event here")
    raise Refused("type", "expected identify, track, page, screen, group or alias")


def person(call: Body) -> str:
    """Who it is about: the store's own id, else the one of the device.

    Raises:
        Refused: nobody is named.
    """
    found = number(call.get("userId")) or text(call.get("anonymousId"))
    if not found:
        raise Refused("userId", "expected userId or anonymousId")
    return found


def _joined(was: str, into: str, field: str, base: Told) -> Told:
    """Who was known under one id is known under another from now on; said twice it is one event."""
    if not was or not into:
        raise Refused("userId" if was else field, "expected both ids: who it was, and who it is")
    if was == into:
        raise LeftOut("both ids are one")
    return base | {
        "type": "customer.identified", "id": told_id("segment", "identified", was, into), "customer": was, "into": into
    }  # fmt: skip


def _tracked(call: Body, reader: Reader) -> Told:
    name, properties = text(call.get("event")), mapping(call.get("properties"))
    if not name:
        raise Refused("event", "expected the name of what happened")
    row = _BY_NAME.get(name.casefold())
    if row is None:
        raise LeftOut("a name that is not used" if name.casefold() in _WHY_NOT else "a name without a meaning here")
    currency = text(properties.get("currency")).upper() or reader.currency
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
    where = f"properties.{theirs or next(iter(field.theirs), field.ours)}"
    if field.how in (How.CURRENCY, How.AMOUNT, How.LINE) and not currency:
        raise Refused("currency", "expected an ISO 4217 code such as EUR; TEND_SEGMENT_CURRENCY says one for all")
    if field.how is How.CURRENCY:
        return currency
    if field.how is How.PAYMENT:
        return "payment"
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
    if field.how is How.ADDRESS:
        return given if isinstance(given, str) and given.startswith("https://") and len(given) <= _URL else None
    if field.how is How.STARS:
        return stars(where, given)
    if field.how is How.CODES:
        return codes(given if isinstance(given, list) else [given])
    if field.how is How.ITEMS:
        return _items(given, currency)
    return number(given)[: _LONG.get(field.ours, MOST_LABEL)]


def _items(given: Any, currency: str) -> list[Told]:
    found = []
    for one in mappings(given)[:MOST_ITEMS]:
        sku = (text(one.get("sku")) or number(one.get("product_id")))[:64]
        if sku:
            pieces = quantity(one.get("quantity", 1))
            item: Told = {"sku": sku, "quantity": pieces}
            price = minor("properties.products.price", one.get("price") or 0, currency, signed=True)
            if price < 0:  # a discount, and no goods
                continue
            item["price"] = price * pieces
            if category := label(one.get("category")):
                item["category"] = category
            found.append(item)
    return found


def _identified(call: Body, base: Told) -> Iterator[Told]:
    customer, device = person(call), text(call.get("anonymousId"))
    details = _details(call)
    if number(call.get("userId")) and device and device != customer:
        yield _joined(device, customer, "anonymousId", base)
    elif not details:
        raise LeftOut("identify without a trait that has a meaning here")
    if details:
        yield details | base | {"type": "customer.updated", "customer": customer}


def _details(call: Body) -> Told:
    traits, context = mapping(call.get("traits")), mapping(call.get("context"))
    told: Told = {}
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
