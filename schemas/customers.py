"""Events of ``storefront.customers``: who the customer is, and what they allow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.custom import CustomHappened, OwnValue
from schemas.event import Event
from schemas.fields import (
    Calendar,
    ConsentPurpose,
    ConsentScope,
    Currency,
    CustomerId,
    Email,
    Label,
    Locale,
    Minor,
    Moment,
    Name,
    Phone,
    Reference,
    Sku,
    Title,
    Zone,
)
from schemas.message import Url
from schemas.personal import CONTACT, WORDS

Birthday = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), CONTACT]
"""``YYYY-MM-DD`` or, where the year is not told, ``MM-DD``; of the calendar named beside it."""
Tags = Annotated[tuple[Label, ...], Field(max_length=20)]


Attributes = Annotated[dict[Label, OwnValue | None], Field(max_length=20)]


class _Details(Event):
    """What may be known of a customer; a field left out is not told, and leaves what is known as it is."""

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    locale: Locale | None = None
    zone: Zone | None = None
    region: Label | None = None
    birthday: Birthday | None = None
    birthday_calendar: Calendar | None = None
    age_band: Label | None = None
    income_band: Label | None = None
    household_size: Annotated[int, Field(ge=1, le=50)] | None = None
    tags: Tags | None = None
    attributes: Attributes | None = None
    """The store's own, as the rulebook declares them under ``attributes:``; those left out stay, null clears one."""


class CustomerRegistered(_Details):
    """A customer has opened an account."""

    type: Literal["customer.registered"] = "customer.registered"


class CustomerUpdated(_Details):
    """Details have changed."""

    type: Literal["customer.updated"] = "customer.updated"


class ConsentGranted(Event):
    """The customer allows messages of this purpose on this channel, or on ``any``.

    ``profiling`` is no matter of channels: marketing may be chosen by their profile again.
    """

    type: Literal["consent.granted"] = "consent.granted"
    channel: ConsentScope
    purpose: ConsentPurpose


class ConsentWithdrawn(Event):
    """The customer no longer allows messages of this purpose on this channel, or on ``any``.

    ``profiling`` is no matter of channels: they object to being profiled for marketing (GDPR, Article 21).
    """

    type: Literal["consent.withdrawn"] = "consent.withdrawn"
    channel: ConsentScope
    purpose: ConsentPurpose


class ErasureRequested(Event):
    """The customer wants to be forgotten (GDPR, Article 17)."""

    type: Literal["erasure.requested"] = "erasure.requested"


class CustomerIdentified(Event):
    """Who was known under this id is the customer ``into``: the two lives become one, and what still comes under this
    id goes there. Once said, it stays; said differently later, it is refused."""

    type: Literal["customer.identified"] = "customer.identified"
    into: CustomerId
    """The customer's own id, by which they are known from now on."""


class CustomerMerged(Event):
    """The life of ``was`` comes to the customer whom it belongs to. tend writes it itself; doors refuse it."""

    type: Literal["customer.merged"] = "customer.merged"
    was: CustomerId
    life: Annotated[str, StringConstraints(min_length=1, max_length=60_000, pattern=r"^[A-Za-z0-9+/=]+$"), WORDS]
    """Record and order book, in base64."""


class CouponClaimed(Event):
    """The customer took a coupon of the store's own, which tend did not give: they are reminded before it lapses."""

    type: Literal["coupon.claimed"] = "coupon.claimed"
    code: Reference
    expires_at: Moment
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent off; or ``amount`` off, in minor units of ``currency``."""
    amount: Minor | None = None
    currency: Currency | None = None


class ProductUpdated(Event):
    """Something that this customer noted has changed; one event for each customer who did. The latest counts."""

    type: Literal["product.updated"] = "product.updated"
    sku: Sku
    title: Title | None = None
    category: Label | None = None
    price: Minor | None = None
    """Its price now, in minor units of ``currency``."""
    currency: Currency | None = None
    stock: Annotated[int, Field(ge=0, le=10**9)] | None = None
    """Pieces that can be had now."""
    url: Url | None = None
    """Its page; messages lead there, by https only."""
    image: Url | None = None
    """Its picture, which mails show; by https only."""


CustomerEvent = (
    CustomerRegistered
    | CustomerUpdated
    | ConsentGranted
    | ConsentWithdrawn
    | ErasureRequested
    | CustomerIdentified
    | CustomerMerged
    | CouponClaimed
    | ProductUpdated
    | CustomHappened
)

OWN_KINDS = frozenset(("customer.merged",))
"""Kinds that tend alone writes."""
