"""Actions: what senders and desks receive on the outbound topics."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from schemas.event import Contract
from schemas.fields import (
    ActionId,
    Channel,
    ComplaintCategory,
    Currency,
    CustomerId,
    Label,
    Locale,
    Minor,
    Moment,
    Purpose,
    Reference,
    Urgency,
    Zone,
)
from schemas.message import Message
from schemas.personal import LIFE, SAID

LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), LIFE]
Value = Annotated[str, StringConstraints(max_length=1_000), SAID] | int | float | bool


class SendingHours(Contract):
    """Local hours in which it may be sent: from ``earliest`` up to, not including, ``latest``."""

    earliest: LocalTime
    latest: LocalTime
    zone: Zone


class CouponOffer(Contract):
    """A coupon: either ``percent`` off, or ``amount`` off in minor units of ``currency``."""

    code: Reference
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    amount: Minor | None = None
    currency: Currency | None = None
    minimum: Minor = 0
    expires_at: Moment


class Action(Contract):
    """What every action carries."""

    version: Literal[1] = 1
    action_id: ActionId
    customer: CustomerId
    channel: Channel
    address: Annotated[str, StringConstraints(max_length=160), LIFE]
    """Reference to the address in the customer record, ``customer/<id>/email``; never the address itself."""
    rule: Label
    purpose: Purpose
    profiled: Literal[True] | None = None
    """A profile of the customer decided it: not to be sent to one who objects to that meanwhile."""
    rulebook: Label
    """Version of the rulebook that decided."""
    almanac: int
    """Epoch of the almanac that decided; -2 before the first."""
    reason: Annotated[str, StringConstraints(max_length=2_000), SAID]
    """Why, in words."""
    template: Label
    values: Annotated[dict[Label, Value], Field(max_length=30)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=2_000), SAID]
    """The template filled in, in the customer's language where the pack has it."""
    message: Message | None = None
    """What it says, in parts, for whoever lays it out; ``text`` is the same in short."""
    locale: Locale
    decided_at: Moment
    not_before: Moment
    expires_at: Moment
    hours: SendingHours | None = None
    """None: at any hour."""
    priority: Annotated[int, Field(ge=0, le=1_000)]
    sequence: Annotated[int, Field(ge=0)] = 0
    """Place in the outbox of its lane; 0 until the lane gives it out."""
    hops: Annotated[int, Field(ge=0, le=8)] = 0


class CouponAction(Action):
    """Give a coupon."""

    kind: Literal["coupon"] = "coupon"
    coupon: CouponOffer


class GreetingAction(Action):
    """A greeting, with or without a coupon."""

    kind: Literal["greeting"] = "greeting"
    coupon: CouponOffer | None = None


class MessageAction(Action):
    """A message of service or marketing: acknowledgement, apology, survey, reminder."""

    kind: Literal["message"] = "message"
    survey: Label | None = None
    """What the survey asks about, where the message is one."""


class CallbackAction(Action):
    """A task for the call centre: call this customer by then."""

    kind: Literal["callback"] = "callback"
    due_at: Moment


class TicketAction(Action):
    """Work for a desk of the store's own people."""

    kind: Literal["ticket"] = "ticket"
    queue: Label
    urgency: Urgency
    due_at: Moment
    complaint_id: Reference | None = None
    category: ComplaintCategory | None = None


AnyAction = CouponAction | GreetingAction | MessageAction | CallbackAction | TicketAction

_ADAPTER: TypeAdapter[AnyAction] = TypeAdapter(Annotated[AnyAction, Field(discriminator="kind")])


def encode_action(action: Action, sequence: int | None = None) -> bytes:
    """The action as JSON; what is None is left out.

    Args:
        sequence: its place in the outbox of its lane, where that gives it out.
    """
    numbered = action if sequence is None else action.model_copy(update={"sequence": sequence})
    return _as_json(type(action))(numbered, exclude_none=True)


@cache
def _as_json(kind: type[Action]) -> Callable[..., bytes]:
    return TypeAdapter(kind).dump_json


def decode_action(body: bytes) -> AnyAction:
    """The action in a JSON body.

    Raises:
        pydantic.ValidationError: the body is no action of the contract.
    """
    return _ADAPTER.validate_json(body)
