"""What the API takes; each field says what it tells of a customer (``schemas.personal``)."""

from __future__ import annotations

from typing import Annotated, Literal

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
from schemas.personal import CONTACT, LIFE, SAID, WORDS


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[Minor, BeforeValidator(_whole)]
"""Minor units; JSON has one kind of number, in which 5.0 is a whole one."""


class RequestBody(BaseModel):
    """What is taken: nothing that is not named, and nothing that is only like it, such as 0 for false."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


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
    note: Annotated[str, WORDS, Field(max_length=600, examples=["call again on Friday"])] = ""


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
    reason: Annotated[str, SAID, Field(min_length=1, max_length=200, examples=["a test of the new shop"])]
    """Why it is put away; it is written down with who did it."""


class RedemptionTold(RequestBody):
    customer: Annotated[CustomerId, Field(examples=["h-00900"])]
    order_id: Annotated[Reference, Field(examples=["o-88213"])]
    discount: Annotated[Whole | None, Field(examples=[300])] = None


class SearchTold(RequestBody):
    """What is sought; in the body, as it may be an address, and addresses of requests are logged everywhere."""

    sought: Annotated[
        str,
        CONTACT,
        Field(
            min_length=1, max_length=200, examples=["edda@example.org"],
            description="An id, e-mail address, phone number, name, order, complaint, coupon or action, exactly as "
            "told; or the beginning of an id.",
        ),
    ]  # fmt: skip


class SegmentTold(RequestBody):
    condition: Annotated[
        str, SAID, Field(min_length=1, max_length=1_000, examples=["segment.tier == 'gold' && orders.count >= 5"])
    ]
    name: Annotated[str, LIFE, Field(max_length=64)] = ""
