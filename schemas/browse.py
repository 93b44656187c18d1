"""Events of ``storefront.browse``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Event
from schemas.fields import CheckoutStage, Currency, Label, Minor, Quantity, Query, Reference, Sku, Title
from schemas.message import Url


class ProductViewed(Event):
    """A product page was looked at."""

    type: Literal["product.viewed"] = "product.viewed"
    sku: Sku
    category: Label | None = None


class SearchPerformed(Event):
    """A search, with the number of its results."""

    type: Literal["search.performed"] = "search.performed"
    query: Query
    results: Annotated[int, Field(ge=0, le=10**9)]


class CartItemAdded(Event):
    """Something was put into the cart; ``price`` is of the whole line, in minor units."""

    type: Literal["cart.item_added"] = "cart.item_added"
    cart_id: Reference
    sku: Sku
    quantity: Quantity = 1
    price: Minor
    currency: Currency
    title: Title | None = None
    """What it is called: a reminder of the cart names what was put in last, unless a browser told it."""
    url: Url | None = None
    """Its page, by https."""
    image: Url | None = None
    """Its picture, by https."""


class CartItemRemoved(Event):
    """Something was taken out of the cart again."""

    type: Literal["cart.item_removed"] = "cart.item_removed"
    cart_id: Reference
    sku: Sku


class CheckoutStarted(Event):
    """The way to the till was begun."""

    type: Literal["checkout.started"] = "checkout.started"
    cart_id: Reference
    amount: Minor
    currency: Currency


class CheckoutStep(Event):
    """A step on the way from the till to the order was reached; where the last one stays, the customer got stuck."""

    type: Literal["checkout.step"] = "checkout.step"
    cart_id: Reference
    step: CheckoutStage


class WishlistAdded(Event):
    """The customer noted a product, or asked to be told when it can be had."""

    type: Literal["wishlist.added"] = "wishlist.added"
    sku: Sku
    price: Minor | None = None
    """Its price then, in minor units of ``currency``."""
    currency: Currency | None = None
    in_stock: bool = True


class WishlistRemoved(Event):
    """The customer no longer wants it noted."""

    type: Literal["wishlist.removed"] = "wishlist.removed"
    sku: Sku


class PaymentFailed(Event):
    """A payment was refused."""

    type: Literal["payment.failed"] = "payment.failed"
    cart_id: Reference | None = None
    order_id: Reference | None = None
    reason: Label | None = None


class CouponRefused(Event):
    """A coupon code did not work at the till."""

    type: Literal["coupon.refused"] = "coupon.refused"
    code: Reference
    reason: Label | None = None


BrowseEvent = (
    ProductViewed
    | SearchPerformed
    | CartItemAdded
    | CartItemRemoved
    | CheckoutStarted
    | CheckoutStep
    | WishlistAdded
    | WishlistRemoved
    | PaymentFailed
    | CouponRefused
)
