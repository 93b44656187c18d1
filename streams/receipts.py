"""What became of the actions that were given out."""

from __future__ import annotations

from typing import Final

from rules.context import EventContext
from schemas.channels import channel_spec, channels_at
from schemas.given_out import Sent
from schemas.ids import short_key
from schemas.outcome_codes import OutcomeCode
from schemas.receipts import (
    CallbackCompleted,
    CallbackHandedOver,
    CallbackTaken,
    ReceiptAccepted,
    ReceiptClicked,
    ReceiptDelivered,
    ReceiptFailed,
    ReceiptOpened,
    ReceiptRedeemed,
    ReceiptUnsubscribed,
)
from streams.profiles import set_consent

FAILED = 9
STATES: Final = {
    "receipt.accepted": 1,
    "receipt.delivered": 2,
    "receipt.opened": 3,
    "receipt.clicked": 4,
    "receipt.redeemed": 5,
    "receipt.failed": FAILED,
}
"""How far each receipt says that an action got."""

Progress = ReceiptAccepted | ReceiptDelivered
Noticed = ReceiptOpened | ReceiptClicked


def progress(context: EventContext, event: Progress) -> OutcomeCode | None:
    """A step on the way; an action that got further, or failed, stays where it is."""
    return _advance(context, event.action_id, STATES[event.type])


def notice(context: EventContext, event: Noticed) -> OutcomeCode | None:
    """The message was opened or a link in it followed; what machines do tells nothing about the customer."""
    return None if event.machine else _advance(context, event.action_id, STATES[event.type])


def fail(context: EventContext, event: ReceiptFailed) -> OutcomeCode | None:
    """It did not get there; where that is for good, the address is not used again."""
    sent = find(context, event.action_id)
    if event.permanent and sent is not None:
        record = context.record
        spec = channel_spec(sent.channel)
        told = record.profile.told_at(spec.address) if spec.in_profile else 0
        if event.at >= told:
            record.stopped = record.stopped | dict.fromkeys(channels_at(spec.address), max(event.at, 1))
    return _advance(context, event.action_id, FAILED)


def call(context: EventContext, event: CallbackCompleted) -> OutcomeCode | None:
    """The call was made, or given up."""
    return _advance(context, event.action_id, STATES["receipt.delivered"] if event.outcome == "reached" else FAILED)


def pass_by(context: EventContext, event: CallbackTaken | CallbackHandedOver) -> OutcomeCode | None:
    """Who of the store makes the call: for the desk, and nothing of the customer's."""
    return OutcomeCode.UNKNOWN_RECEIPT if find(context, event.action_id) is None else None


def redeem(context: EventContext, event: ReceiptRedeemed) -> OutcomeCode | None:
    """A coupon was used: one of ours, or of a campaign that is not."""
    coupon = next((one for one in context.record.coupons if one.code == event.code), None)
    if coupon is None and find(context, event.action_id) is None:
        return OutcomeCode.FOREIGN_REDEMPTION
    new = coupon is not None and not coupon.redeemed
    if coupon is not None:
        coupon.redeemed = True
    moved = _advance(context, event.action_id, STATES[event.type])
    return None if new else moved


def unsubscribe(context: EventContext, event: ReceiptUnsubscribed) -> OutcomeCode | None:
    """The customer used the link: consent is withdrawn, whatever became of the action."""
    return set_consent(context, event.channel, event.purpose, False, event.at)


def find(context: EventContext, action_id: str) -> Sent | None:
    """The action among those given out lately."""
    try:
        key = short_key(bytes.fromhex(action_id))
    except ValueError:
        return None
    return next((sent for sent in context.record.sent if sent.id == key), None)


def _advance(context: EventContext, action_id: str, state: int) -> OutcomeCode | None:
    sent = find(context, action_id)
    if sent is None:
        return OutcomeCode.UNKNOWN_RECEIPT
    if state <= sent.state or sent.state == FAILED:
        return OutcomeCode.DUPLICATE
    sent.state = state
    return None
