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
    parcel: Reference | None = None
    """Its number, where an order comes in several parcels: it has arrived when all have that were told of."""
    parcels: Annotated[int, Field(ge=1, le=99)] | None = None
    """In how many parcels the order comes, where that is known."""


class OrderDelivered(Event):
    """The parcel arrived at ``time``."""

    type: Literal["order.delivered"] = "order.delivered"
    order_id: Reference
    parcel: Reference | None = None
    """Its number; without one all of the order has arrived."""


class OrderReturned(Event):
    """Goods came back; ``amount`` is to be refunded, in minor units. An order may come back in parts."""

    type: Literal["order.returned"] = "order.returned"
    order_id: Reference
    amount: Minor
    reason: Label | None = None
    refund: Reference | None = None
    """Reference of the refund: told by two systems under one reference, it is given back once."""


class OrderUpdated(Event):
    """The order was edited; what is left out stays as it is. The latest that was told counts."""

    type: Literal["order.updated"] = "order.updated"
    order_id: Reference
    amount: Minor | None = None
    """What the customer pays now, in minor units of the order's currency."""
    items: Items | None = None
    promised_at: Moment | None = None


class OrderRestored(Event):
    """A cancellation was taken back: the order will be delivered after all."""

    type: Literal["order.restored"] = "order.restored"
    order_id: Reference
    reason: Label | None = None


class OrderExchanged(Event):
    """Goods were exchanged for others; money that changes hands is a refund or another order."""

    type: Literal["order.exchanged"] = "order.exchanged"
    order_id: Reference
    items: Items = ()
    """What came back."""
    replacement: Reference | None = None
    """The order that brings the other goods, where it has a number of its own: it is no further purchase."""
    reason: Label | None = None


class RefundRequested(Event):
    """Money is to go back. It is owed until ``refund.paid`` or ``refund.withdrawn`` comes with the same reference."""

    type: Literal["refund.requested"] = "refund.requested"
    order_id: Reference
    refund: Reference
    amount: Minor | None = None
    reason: Label | None = None


class RefundPaid(Event):
    """Money went back, whether or not goods did."""

    type: Literal["refund.paid"] = "refund.paid"
    order_id: Reference
    amount: Minor
    refund: Reference | None = None
    """Its reference; without one every event is a refund of its own."""
    method: Label | None = None


class RefundWithdrawn(Event):
    """A refund will not be paid after all: it was declined, or entered by mistake. It counts no longer."""

    type: Literal["refund.withdrawn"] = "refund.withdrawn"
    order_id: Reference
    refund: Reference
    reason: Label | None = None


class PointsRedeemed(Event):
    """Points were spent."""

    type: Literal["points.redeemed"] = "points.redeemed"
    points: Annotated[int, Field(ge=1, le=10**9)]
    reference: Reference
    """Of the spending; told again under it, nothing is spent twice."""
    order_id: Reference | None = None
    """The order they were spent on: what does not stay of it, they come back for."""


OrderEvent = (
    OrderPlaced
    | OrderCancelled
    | OrderDispatched
    | OrderDelivered
    | OrderReturned
    | OrderUpdated
    | OrderRestored
    | OrderExchanged
    | RefundRequested
    | RefundPaid
    | RefundWithdrawn
    | PointsRedeemed
)
