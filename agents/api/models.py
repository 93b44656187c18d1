"""What the API takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.fields import (
    ComplaintCategory,
    ConsentPurpose,
    ConsentScope,
    CustomerId,
    Label,
    Minor,
    Person,
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


class CameBack(BaseModel):
    """A change that was written, read back from the customer's life."""

    id: str
    type: str
    at: str
    actor: str


class Page(BaseModel):
    """One page of a list."""

    items: list[dict[str, Any]]
    next: str | None = None
    """Cursor of the next page; none where this is the last."""


class ConsentTold(RequestBody):
    channel: Annotated[ConsentScope, Field(examples=["email"])]
    purpose: Annotated[ConsentPurpose, Field(examples=["marketing"])]
    granted: Annotated[bool, Field(examples=[False])]


class ComplaintTold(RequestBody):
    complaint_id: Annotated[Reference, Field(examples=["k-1187"])]
    category: Annotated[ComplaintCategory, Field(examples=["delivery"])]
    urgency: Annotated[Urgency | None, Field(examples=["normal"])] = None
    order_id: Annotated[Reference | None, Field(examples=["o-88213"])] = None
    text: Annotated[Text, Field(examples=["The parcel came four days late."])] = ""


class AnswerTold(RequestBody):
    text: Annotated[Text, Field(min_length=1, examples=["You are right, and we are sorry. It leaves again today."])]


class CallTold(RequestBody):
    outcome: Annotated[Literal["reached", "not_reached", "declined"], Field(examples=["reached"])]
    note: Annotated[str, Field(max_length=600, examples=["call again on Friday"])] = ""


class ResolutionTold(RequestBody):
    resolution: Annotated[Label, Field(examples=["refunded"])]
    answer: Annotated[Text, Field(examples=["The amount is on its way back to you."])] = ""


class OwnerTold(RequestBody):
    owner: Annotated[Person, Field(examples=["mei"])]


class NextOwnerTold(RequestBody):
    owner: Annotated[Person | None, Field(examples=["jonas"])] = None
    """None: back to the queue."""


class EscalationTold(RequestBody):
    urgency: Annotated[Urgency, Field(examples=["critical"])]
    owner: Annotated[Person | None, Field(examples=["jonas"])] = None
    """Whose it becomes; none: whoever has it keeps it."""


class Discarded(RequestBody):
    reason: Annotated[str, Field(min_length=1, max_length=200, examples=["a test of the new shop"])]
    """Why it is put away; it is written down with who did it."""


class RedemptionTold(RequestBody):
    customer: Annotated[CustomerId, Field(examples=["h-00900"])]
    order_id: Annotated[Reference, Field(examples=["o-88213"])]
    discount: Annotated[Whole | None, Field(examples=[300])] = None


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


class SearchTold(RequestBody):
    """What is sought; in the body, as it may be an address, and addresses of requests are logged everywhere."""

    sought: Annotated[
        str,
        Field(
            min_length=1, max_length=200, examples=["edda@example.org"],
            description="An id, e-mail address, phone number, name, order, complaint, coupon or action, exactly as "
            "told; or the beginning of an id.",
        ),
    ]  # fmt: skip


class CustomersFound(BaseModel):
    """Ids of customers."""

    customers: list[str]


class SegmentTold(RequestBody):
    condition: Annotated[
        str, Field(min_length=1, max_length=1_000, examples=["segment.tier == 'gold' && orders.count >= 5"])
    ]
    name: Annotated[str, Field(max_length=64)] = ""


class SegmentSaved(BaseModel):
    """A condition under a name."""

    name: str
    condition: str
    by: str
    count: int | None
    """How many it held for when it was counted last."""
    counted_at: str | None


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
    answers: dict[str, dict[str, int]]
    """What senders and tills told, by channel: `sent`, `accepted`, `delivered`, `opened`, `clicked`, `redeemed`,
    `bounced`, `refused`, …; each action counts once for each. What machines opened or clicked is counted apart."""


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
