"""What the API takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.fields import (
    ComplaintCategory,
    ConsentChannel,
    CustomerId,
    Label,
    Minor,
    Person,
    Purpose,
    Reference,
    Text,
    Urgency,
)


class Told(BaseModel):
    """What is taken: nothing that is not named."""

    model_config = ConfigDict(extra="forbid")


class Written(BaseModel):
    """A change that is safe in Kafka; it is applied in its turn."""

    id: str
    """Follow it by this: it stands in the customer's timeline when it has come back."""
    topic: str
    partition: int
    offset: int


class Page(BaseModel):
    """One page of a list."""

    items: list[dict[str, Any]]
    next: str | None = None
    """Cursor of the next page; none where this is the last."""


class ConsentTold(Told):
    channel: ConsentChannel
    purpose: Purpose
    granted: bool


class ComplaintTold(Told):
    complaint_id: Reference
    category: ComplaintCategory
    urgency: Urgency | None = None
    order_id: Reference | None = None
    text: Text = ""


class ResolutionTold(Told):
    resolution: Label
    answer: Text = ""


class OwnerTold(Told):
    owner: Person


class RedemptionTold(Told):
    customer: CustomerId
    order_id: Reference
    discount: Minor | None = None


class CouponFound(BaseModel):
    """What a till needs to know of a coupon."""

    code: str
    valid: bool
    why: str
    """``valid``, ``redeemed``, ``expired``, ``unknown``."""
    customer: str | None = None
    percent: int | None = None
    amount: int | None = None
    expires_at: str | None = None


class SegmentTold(Told):
    condition: Annotated[str, Field(min_length=1, max_length=1_000)]
    name: Annotated[str, Field(max_length=64)] = ""


class SegmentCounted(BaseModel):
    """How many a condition holds for."""

    count: int
    of: int
    sample: list[str]


class Health(BaseModel):
    """Whether it runs."""

    status: Literal["running", "waiting"]
    waiting_for: str
    events_read: int
    events_waiting: int | None
    held: int
    dead_letters: int
    now: str
