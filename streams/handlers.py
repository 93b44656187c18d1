"""What an event changes in the record of its customer: one function for each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from rules.context import EventContext
from schemas.events import AnyEvent
from schemas.outcome_codes import OutcomeCode
from schemas.record import Seen
from schemas.topics import BROWSE, TOPIC_OF
from streams import browsing, carts, complaints, duplicates, feedback, orders, profiles, receipts

Handler = Callable[[EventContext, Any], OutcomeCode | None]
"""Applies an event to the record. What it gives back says why it was not applied; then nothing was changed."""

HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "order.placed": orders.place,
        "order.cancelled": orders.cancel,
        "order.dispatched": orders.dispatch,
        "order.delivered": orders.deliver,
        "order.returned": orders.take_back,
        "product.viewed": browsing.view,
        "search.performed": browsing.search,
        "cart.item_added": carts.add,
        "cart.item_removed": carts.take_out,
        "checkout.started": carts.start_checkout,
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
        "survey.answered": feedback.answer,
        "product.reviewed": feedback.review,
        "receipt.accepted": receipts.progress,
        "receipt.delivered": receipts.progress,
        "receipt.failed": receipts.progress,
        "receipt.opened": receipts.progress,
        "receipt.clicked": receipts.progress,
        "receipt.redeemed": receipts.redeem,
        "receipt.unsubscribed": receipts.unsubscribe,
        "callback.completed": receipts.call,
    }
)

BROWSING: Final = frozenset(name for name, topic in TOPIC_OF.items() if topic == BROWSE)
"""Events that tell of a visit, and of nothing bought or promised."""


def apply(context: EventContext, event: AnyEvent) -> OutcomeCode | None:
    """Apply an event once. Sent again, however late, it changes no byte of the record."""
    browses = event.type in BROWSING
    seen = context.record.browsed if browses else context.record.recent
    key = duplicates.key_of(event.id)
    if duplicates.knows(seen, key):
        return OutcomeCode.DUPLICATE
    # Of a visit nothing but the ring tells a duplicate; orders, complaints and receipts are known by their own state.
    if browses and event.at <= seen.reach:
        return OutcomeCode.TOO_OLD_BROWSE
    refused = HANDLERS[event.type](context, event)
    if refused is None or event.at > seen.reach:
        # A refusal is remembered too, or the same event would be applied when it comes again after what it refers to.
        # One from before the reach may be known no longer, and must leave no trace.
        _remember(context, seen, key, browses)
    if browses and refused is None:
        browsing.visit(context)
    return refused


def _remember(context: EventContext, seen: Seen, key: bytes, browses: bool) -> None:
    sizes = context.defaults.duplicates
    duplicates.remember(seen, key, context.at, sizes.browse if browses else sizes.others)
