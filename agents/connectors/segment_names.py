"""Segment's calls and the names of its e-commerce specification: what each becomes, or why it becomes nothing.

Source: https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2 (with the names of the first version where the
second one knows them as aliases), …/spec/identify, …/spec/alias
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


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
    STARS = "stars, 1 to 5"
    ADDRESS = "its address, by https"
    PAYMENT = "`payment`"


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
    Name(("Product Viewed", "Viewed Product"), "product.viewed", (_SKU, Field("category", ("category",), How.TEXT))),
    Name(
        ("Products Searched",),
        "search.performed",
        (
            Field("query", ("query",), How.TEXT, needed=True),
            Field("results", ("results", "results_count", "products"), How.COUNT, needed=True),
        ),
    ),
    Name(
        ("Product Added", "Wishlist Product Added to Cart", "Added Product"),
        "cart.item_added",
        (
            _CART,
            _SKU,
            Field("quantity", ("quantity",), How.PIECES),
            Field("price", ("price",), How.LINE, needed=True),
            _CURRENCY,
            Field("title", ("name",), How.TEXT),
            Field("url", ("url",), How.ADDRESS),
            Field("image", ("image_url",), How.ADDRESS),
        ),
    ),
    Name(("Product Added to Wishlist",), "wishlist.added", (_SKU,)),
    Name(("Product Removed from Wishlist",), "wishlist.removed", (_SKU,)),
    Name(("Product Removed", "Removed Product"), "cart.item_removed", (_CART, _SKU)),
    Name(
        ("Checkout Started",),
        "checkout.started",
        (_CART, Field("amount", ("value", "total", "revenue"), How.AMOUNT, needed=True), _CURRENCY),
    ),
    Name(("Payment Info Entered",), "checkout.step", (_CART, Field("step", (), How.PAYMENT))),
    Name(
        ("Order Completed", "Completed Order"),
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
    Name(
        ("Product Reviewed",),
        "product.reviewed",
        (
            Field("sku", ("sku", "product_id"), How.TEXT, needed=True),
            Field("rating", ("rating",), How.STARS, needed=True),
            Field("text", ("review_body",), How.TEXT),
        ),
    ),
    Name(("Coupon Denied",), "coupon.refused", (Field("code", ("coupon", "coupon_id"), How.ID, needed=True), _REASON)),
)


class NotUsed(NamedTuple):
    """Names of the specification that become nothing here."""

    theirs: tuple[str, ...]
    why: str


NOT_USED: Final = (
    NotUsed(("Product List Viewed", "Product List Filtered", "Viewed Product Category"),
            "a list names many products, and tells no interest in one of them"),
    NotUsed(("Product Clicked", "Clicked Product"), "the page that it leads to is told by Product Viewed"),
    NotUsed(("Promotion Viewed", "Promotion Clicked", "Viewed Promotion", "Clicked Promotion"),
            "banners of the store's own pages; messages of tend's are followed by its links"),
    NotUsed(("Cart Viewed",), "nothing changes in the cart; what it holds is told by Product Added and Removed"),
    NotUsed(("Checkout Step Viewed", "Checkout Step Completed"),
            "its steps are numbers that each store counts differently; `checkout.step` needs one of login, recipient, "
            "delivery, payment: send it by `/v1/events`"),
    NotUsed(("Coupon Entered", "Coupon Applied", "Coupon Removed"), "the order tells which coupon was used"),
    NotUsed(("Product Shared", "Cart Shared"), "tells of somebody else, who has not agreed to it"),
)  # fmt: skip
"""With those of the first version under their older names."""

CALL_TYPES: Final = (
    ("identify", "`customer.updated` by its traits; with an `anonymousId` beside the `userId` also "
     "`customer.identified`: the device's visits are the customer's"),
    ("alias", "`customer.identified`: `previousId` is `userId` from now on"),
    ("page, screen", "nothing: a page without a product tells no interest; Product Viewed does"),
    ("group", "nothing: a company or a household is no customer"),
)  # fmt: skip
"""What becomes of the types of calls, but for ``track``."""


TRAITS: Final = (
    Field("email", ("email",), How.TEXT),
    Field("phone", ("phone",), How.TEXT),
    Field("name", ("name",), How.TEXT),
    Field("birthday", ("birthday",), How.TEXT),
    Field("locale", ("locale",), How.TEXT),
    Field("zone", ("timezone",), How.TEXT),
)
"""Of ``identify``; beside them ``firstName`` and ``lastName``, and locale and zone of the ``context``."""
