"""Parcels of an order that comes in several: it has arrived with the last that was told of."""

from __future__ import annotations

from schemas.order_book import MAX_PARCELS, Order, OrderParcel
from schemas.times import Millis, earliest
from streams import duplicates


def tell(order: Order, parcel: str | None, at: Millis = 0) -> bool:
    """A parcel of it is on its way, or has arrived; whether that is new. Without a number it is the whole order."""
    key = duplicates.key_of(f"parcel {parcel}") if parcel else b""
    some = _told(order)
    known = next((one for one in some if one.key == key), None)
    told = OrderParcel(key, earliest(known.arrived if known else 0, at))
    if told == known or (known is None and key and len(some) >= MAX_PARCELS):
        return False
    order.parcels = sorted([told, *(one for one in some if one is not known)], key=lambda one: one.key)
    return True


def arrived(order: Order) -> Millis:
    """When all of it was there, from what was told of its parcels; 0 while some of it is on its way."""
    whole = next((one.arrived for one in order.parcels if not one.key), 0)
    if whole:
        return whole
    some = [one.arrived for one in order.parcels]
    return max(some, default=0) if all(some) and len(some) >= order.expected else 0


def joined(mine: Order, other: Order) -> list[OrderParcel]:
    """Parcels of an order that was told of under two ids."""
    joint: dict[bytes, Millis] = {}
    for order in (mine, other):
        for one in _told(order):
            joint[one.key] = earliest(joint.get(one.key, 0), one.arrived)
    return [OrderParcel(key, joint[key]) for key in sorted(joint)][: MAX_PARCELS + (b"" in joint)]


def _told(order: Order) -> list[OrderParcel]:
    """Its parcels; what arrived without a number is the whole order."""
    return order.parcels or ([OrderParcel(b"", order.delivered)] if order.delivered else [])
