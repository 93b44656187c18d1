"""What the API takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[Minor, BeforeValidator(_whole)]
"""Minor units; JSON has one kind of number, in which 5.0 is a whole one."""


class RequestBody(BaseModel):
    """What is taken: nothing that is not named, and nothing that is only like it, such as 0 for false."""

    model_config = ConfigDict(extra="forbid", strict=True)


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


class ConsentTold(RequestBody):
    channel: ConsentChannel
    purpose: Purpose
    granted: bool


class ComplaintTold(RequestBody):
    complaint_id: Reference
    category: ComplaintCategory
    urgency: Urgency | None = None
    order_id: Reference | None = None
    text: Text = ""


class AnswerTold(RequestBody):
    text: Annotated[Text, Field(min_length=1)]


class CallTold(RequestBody):
    outcome: Literal["reached", "not_reached", "declined"]
    note: Annotated[str, Field(max_length=64)] = ""


class ResolutionTold(RequestBody):
    resolution: Label
    answer: Text = ""


class OwnerTold(RequestBody):
    owner: Person


class RedemptionTold(RequestBody):
    customer: CustomerId
    order_id: Reference
    discount: Whole | None = None


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


class ConsentKept(BaseModel):
    """The latest word of a customer on one channel and purpose."""

    channel: str
    purpose: str
    granted: bool


class ComplaintKept(BaseModel):
    """A complaint as it stands."""

    complaint_id: str
    category: str
    urgency: str
    opened_at: str | None
    due_at: str | None
    closed_at: str | None
    """None while it is open."""
    order_id: str | None
    owner: str | None
    """Who of the store has it; none while nobody took it."""
    answered_at: str | None
    reopened: int


class Due(BaseModel):
    """What a customer's record waits for."""

    at: str
    what: str
    about: str


class SegmentTold(RequestBody):
    condition: Annotated[str, Field(min_length=1, max_length=1_000)]
    name: Annotated[str, Field(max_length=64)] = ""


class SegmentSaved(BaseModel):
    """A condition under a name."""

    name: str
    condition: str
    by: str


class SegmentCounted(BaseModel):
    """How many a condition holds for."""

    count: int
    of: int
    sample: list[str]


class RuleState(BaseModel):
    """A rule, and what came of its proposals."""

    id: str
    about: str
    on: list[str]
    file: str
    proposed: int
    acted: int
    held: int
    not_sent: int
    reasons: dict[str, int]
    """How many were not sent for each reason."""


class RulesInForce(BaseModel):
    """The rulebook that acts now."""

    version: str
    since: str | None
    days: int
    """Over how many days the figures go."""
    rules: list[RuleState]


class Redriven(BaseModel):
    """Where a dead letter has gone."""

    id: str
    topic: str
    partition: int
    offset: int


class Health(BaseModel):
    """Whether it runs."""

    status: Literal["running", "waiting"]
    waiting_for: str
    events_read: int
    events_waiting: int | None
    held: int
    dead_letters: int
    now: str
