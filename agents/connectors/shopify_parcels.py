"""Parcels in Shopify's webhooks, which calls them fulfillments: of an order, alone, and by their tracking.

A fulfillment tells which pieces of which lines it holds and how far it is; whether the order waits for more of them
only the order knows, by its lines. Goods that need no shipping are fulfilled as well, and so is what is handed over at
a till; neither is a parcel.
Source: https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment, …/fulfillmentevent, …/order
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from agents.connectors import parcels
from agents.connectors.hooks import Hook
from agents.connectors.told import (
    Body,
    LeftOut,
    Reading,
    ToldFact,
    label,
    mapping,
    mappings,
    moment,
    number,
    reference,
    text,
)

_WITH_THE_CUSTOMER: Final = ("delivered", "picked_up")
_MOST_PIECES: Final = 10**6


def of_order(order: Body, changed: datetime) -> Iterator[ToldFact]:
    """What an order tells of its parcels, and of what is still to come."""
    carried_home = order.get("source_name") == "pos" and not mapping(order.get("shipping_address"))
    pieces = {} if carried_home else _to_get(order)
    yield parcels.ordered(pieces, partly=order.get("fulfillment_status") == "partial", at=changed)
    for one in mappings(order.get("fulfillments")):
        yield from _parcel(one)


def read_parcel(hook: Hook) -> Reading:
    """A parcel alone: it names its order, and nothing more of it."""
    own = reference("order_id", hook.body.get("order_id"))
    facts = tuple(_parcel(hook.body))
    if not facts:
        raise LeftOut("nothing that is sent")
    return Reading(order=own, facts=facts)


def read_tracking(hook: Hook) -> Reading:
    """A step of a parcel's way, as its carrier told it."""
    body = hook.body
    if body.get("status") not in _WITH_THE_CUSTOMER:
        raise LeftOut("a step of a parcel on its way")
    own = reference("order_id", body.get("order_id"))
    parcel = reference("fulfillment_id", body.get("fulfillment_id"))
    at = moment("happened_at", body.get("happened_at") or body.get("created_at"))
    return Reading(order=own, facts=(parcels.arrived(parcel, at),))


def _parcel(one: Body) -> Iterator[ToldFact]:
    lines = mappings(one.get("line_items"))
    if lines and not any(map(_is_shipped, lines)):
        return
    id_ = reference("fulfillment.id", one.get("id"))
    if one.get("status") == "cancelled":
        yield parcels.withdrawn(id_)
    if one.get("status") not in (None, "success"):
        return
    pieces = _counted((line, line.get("quantity")) for line in lines if _is_shipped(line))
    left = moment("fulfillment.created_at", one.get("created_at"))
    yield parcels.sent(id_, left, pieces if lines else None, label(one.get("tracking_company")))
    if one.get("shipment_status") in _WITH_THE_CUSTOMER:
        yield parcels.arrived(id_, moment("fulfillment.updated_at", one.get("updated_at")))


def _to_get(order: Body) -> dict[str, int] | None:
    """Pieces that are to be shipped; what was taken out of the order, or refunded, is not."""
    lines = mappings(order.get("line_items"))
    if not lines or not all(number(line.get("id")) for line in lines):
        return None
    back: Counter[str] = Counter()
    for refund in mappings(order.get("refunds")):
        for line in mappings(refund.get("refund_line_items")):
            back[number(line.get("line_item_id"))] += _whole(line.get("quantity"))
    shipped = [line for line in lines if _is_shipped(line)]
    return _counted(
        (line, line.get("current_quantity", _whole(line.get("quantity")) - back[number(line.get("id"))]))
        for line in shipped
    )


def _is_shipped(line: Body) -> bool:
    eligible = text(line.get("fulfillment_status")) != "not_eligible"
    return line.get("requires_shipping") is not False and line.get("gift_card") is not True and eligible


def _counted(lines: Iterator[tuple[Body, Any]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line, pieces in lines:
        found[number(line.get("id"))] += _whole(pieces)
    return {line: count for line, count in found.items() if count}


def _whole(pieces: Any) -> int:
    return min(max(0, pieces), _MOST_PIECES) if isinstance(pieces, int) else 0
