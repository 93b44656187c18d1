"""Events of ``care.receipts``: what became of an action."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Event
from schemas.fields import ActionId, Channel, Label, Minor, Person, Purpose, Reference, Text

MAX_HOPS = 8
"""A receipt may answer an action that a receipt caused; beyond this many steps it is a loop."""


class _Receipt(Event):
    action_id: ActionId
    """The action that caused it. Redemptions of campaigns that tend did not run carry their own id here."""
    hops: Annotated[int, Field(ge=0, le=MAX_HOPS)] = 0


class ReceiptAccepted(_Receipt):
    """The sender took the action on."""

    type: Literal["receipt.accepted"] = "receipt.accepted"


class ReceiptDelivered(_Receipt):
    """The message reached the customer's device or mailbox."""

    type: Literal["receipt.delivered"] = "receipt.delivered"


class ReceiptFailed(_Receipt):
    """The message could not be delivered."""

    type: Literal["receipt.failed"] = "receipt.failed"
    reason: Label | None = None
    permanent: bool = False


class ReceiptOpened(_Receipt):
    """The message was opened."""

    type: Literal["receipt.opened"] = "receipt.opened"
    machine: bool = False
    """True where a program opened it and nobody: it is counted apart, and says nothing about the customer."""


class ReceiptClicked(_Receipt):
    """A link in the message was followed."""

    type: Literal["receipt.clicked"] = "receipt.clicked"
    machine: bool = False
    """True where a program followed it, such as a mail filter: it is counted apart."""


class ReceiptRedeemed(_Receipt):
    """A coupon was redeemed; ``discount`` is what it cost the store, in minor units."""

    type: Literal["receipt.redeemed"] = "receipt.redeemed"
    code: Reference | None = None
    campaign: Reference | None = None
    order_id: Reference | None = None
    discount: Minor | None = None


class ReceiptUnsubscribed(_Receipt):
    """The customer used the unsubscribe link: consent for this channel and purpose is withdrawn."""

    type: Literal["receipt.unsubscribed"] = "receipt.unsubscribed"
    channel: Channel
    purpose: Purpose = "marketing"


class CallbackCompleted(_Receipt):
    """The call was made (or given up)."""

    type: Literal["callback.completed"] = "callback.completed"
    outcome: Literal["reached", "not_reached", "declined"]
    note: Text | None = None


class CallbackTaken(_Receipt):
    """A person of the store takes the call on. Whoever comes first has it; who comes second changes nothing."""

    type: Literal["callback.taken"] = "callback.taken"
    owner: Person


class CallbackHandedOver(_Receipt):
    """The call passes to another person; without ``owner`` it goes back to the queue."""

    type: Literal["callback.handed_over"] = "callback.handed_over"
    owner: Person | None = None


ReceiptEvent = (
    ReceiptAccepted
    | ReceiptDelivered
    | ReceiptFailed
    | ReceiptOpened
    | ReceiptClicked
    | ReceiptRedeemed
    | ReceiptUnsubscribed
    | CallbackCompleted
    | CallbackTaken
    | CallbackHandedOver
)
