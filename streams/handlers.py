"""What an event changes in the record of its customer: one function for each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rules.context import EventContext
from schemas.events import AnyEvent
from schemas.outcome_codes import OutcomeCode
from schemas.record import Seen
from streams import (
    browsing,
    carts,
    complaints,
    coupons,
    custom,
    duplicates,
    feedback,
    identity,
    orders,
    profiles,
    receipts,
    spending,
    talks,
    wishes,
)

Handler = Callable[[EventContext, Any], OutcomeCode | None]
"""Applies an event to the record. What it gives back says why it was not applied: then it counts for nothing, and at
most an order or a complaint notes that it was told of once more."""

HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "order.placed": orders.place,
        "order.cancelled": orders.cancel,
        "order.dispatched": orders.dispatch,
        "order.delivered": orders.deliver,
        "order.returned": orders.take_back,
        "order.updated": orders.update,
        "order.restored": orders.restore,
        "order.exchanged": orders.exchange,
        "refund.requested": orders.request_refund,
        "refund.paid": orders.pay_refund,
        "refund.withdrawn": orders.withdraw_refund,
        "points.redeemed": spending.redeem,
        "product.viewed": browsing.view,
        "search.performed": browsing.search,
        "cart.item_added": carts.add,
        "cart.item_removed": carts.take_out,
        "checkout.started": carts.start_checkout,
        "checkout.step": carts.step,
        "wishlist.added": wishes.note,
        "wishlist.removed": wishes.drop,
        "payment.failed": carts.fail_payment,
        "coupon.refused": browsing.refuse_coupon,
        "complaint.opened": complaints.open_one,
        "complaint.updated": complaints.update,
        "complaint.resolved": complaints.resolve,
        "complaint.reopened": complaints.reopen,
        "complaint.taken": complaints.take,
        "complaint.handed_over": complaints.hand_over,
        "complaint.answered": complaints.answer,
        "customer.registered": profiles.register,
        "customer.updated": profiles.update,
        "consent.granted": profiles.grant,
        "consent.withdrawn": profiles.withdraw,
        "erasure.requested": profiles.erase,
        "customer.identified": identity.identify,
        "customer.merged": identity.merge,
        "coupon.claimed": coupons.claim,
        "product.updated": wishes.change,
        "custom.happened": custom.happen,
        "survey.answered": feedback.answer,
        "product.reviewed": feedback.review,
        "feedback.given": talks.give,
        "contact.made": talks.contact,
        "receipt.accepted": receipts.progress,
        "receipt.delivered": receipts.progress,
        "receipt.failed": receipts.fail,
        "receipt.opened": receipts.notice,
        "receipt.clicked": receipts.notice,
        "receipt.redeemed": receipts.redeem,
        "receipt.unsubscribed": receipts.unsubscribe,
        "callback.completed": receipts.call,
        "callback.taken": receipts.pass_by,
        "callback.handed_over": receipts.pass_by,
    }
)


def apply(context: EventContext, event: AnyEvent) -> OutcomeCode | None:
    """Apply an event once. Sent again, however late, it changes no byte of the record."""
    for _ in event.left_out:
        context.count(OutcomeCode.FIELD_LEFT_OUT)
    seen = duplicates.ring_of(context.record, event)
    if seen is None:
        seen = context.record.voiced = Seen()
    key = duplicates.key_of(event.id)
    before = duplicates.told_before(seen, event, key)
    if before is not None:
        return before
    refused = HANDLERS[event.type](context, event)
    if refused is None or event.at > seen.reach:
        # A refusal is remembered too, or the same event would be applied when it comes again after what it refers to.
        # One from before the reach may be known no longer, and must leave no trace.
        sizes = context.defaults.duplicates
        # What comes late was known until now: it is forgotten as of then, or it would be taken for new once more.
        duplicates.remember(seen, key, context.at, sizes.browse if event.type in duplicates.BROWSING else sizes.others)
    if event.type in duplicates.BROWSING and refused is None:
        browsing.visit(context, event.at)
    return refused
