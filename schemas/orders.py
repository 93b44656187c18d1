"""Events of ``storefront.orders``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Contract, Event
from schemas.fields import Currency, Label, Minor, Moment, Quantity, Reference, Sku


class Item(Contract):
    """One line of an order."""

    sku: Sku
    quantity: Quantity = 1
    price: Minor
    """Price of the whole line, in minor units."""
    category: Label | None = None


Items = Annotated[tuple[Item, ...], Field(max_length=200)]


class OrderPlaced(Event):
    """A customer has ordered; ``amount`` is what the customer pays, in minor units."""

    type: Literal["order.placed"] = "order.placed"
    order_id: Reference
    amount: Minor
    currency: Currency
    items: Items = ()
    coupons: Annotated[tuple[Reference, ...], Field(max_length=10)] = ()
    """Coupon codes used."""
    promised_at: Moment | None = None
    """When delivery was promised for."""
    cart_id: Reference | None = None


class OrderCancelled(Event):
    """The order will not be delivered."""

    type: Literal["order.cancelled"] = "order.cancelled"
    order_id: Reference
    reason: Label | None = None


class OrderDispatched(Event):
    """The parcel left the warehouse."""

    type: Literal["order.dispatched"] = "order.dispatched"
    order_id: Reference
    carrier: Label | None = None
    promised_at: Moment | None = None


class OrderDelivered(Event):
    """The parcel arrived at ``time``."""

    type: Literal["order.delivered"] = "order.delivered"
    order_id: Reference


class OrderReturned(Event):
    """Goods came back; ``amount`` is to be refunded, in minor units."""

    type: Literal["order.returned"] = "order.returned"
    order_id: Reference
    amount: Minor
    reason: Label | None = None


OrderEvent = OrderPlaced | OrderCancelled | OrderDispatched | OrderDelivered | OrderReturned
