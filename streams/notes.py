"""Named outcomes that operations count: each is a key of ``Outcome.notes``, with its meaning."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from schemas.outcome import Outcome


class Note(StrEnum):
    """What may be counted beside decisions."""

    DUPLICATE = "duplicate"
    LATE = "late"
    ERASED = "erased"
    NEW_CUSTOMER = "new_customer"
    TOO_OLD_BROWSE = "too_old_browse"
    TOO_OLD_FEEDBACK = "too_old_feedback"
    TOO_OLD_ORDER = "too_old_order"
    TOO_OLD_COMPLAINT = "too_old_complaint"
    OUTDATED = "outdated"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_COMPLAINT = "unknown_complaint"
    UNKNOWN_CART = "unknown_cart"
    UNKNOWN_RECEIPT = "unknown_receipt"
    FOREIGN_REDEMPTION = "foreign_redemption"
    FOREIGN_CURRENCY = "foreign_currency"
    CAP_ORDERS = "cap_orders"
    CAP_COMPLAINTS = "cap_complaints"
    CAP_CART_ITEMS = "cap_cart_items"
    CAP_TAGS = "cap_tags"
    CAP_LOTS = "cap_lots"
    CAP_TIMERS = "cap_timers"
    CAP_BYTES = "cap_bytes"
    POINTS_LAPSED = "points_lapsed"


MEANINGS = MappingProxyType(
    {
        Note.DUPLICATE: "an event that was applied before; nothing changed",
        Note.LATE: "an event older than what its customer has seen; applied at her present time",
        Note.ERASED: "an event of a customer who asked to be forgotten; nothing was kept of it",
        Note.NEW_CUSTOMER: "an event of somebody who was not registered; a record was made and the event applied",
        Note.TOO_OLD_BROWSE: "a visit older than the duplicates ring reaches back; not applied",
        Note.TOO_OLD_FEEDBACK: "feedback older than the duplicates ring reaches back; not applied",
        Note.TOO_OLD_ORDER: "an event of an order that the order book may have forgotten; not applied",
        Note.TOO_OLD_COMPLAINT: "an event of a complaint that the record may have forgotten; not applied",
        Note.OUTDATED: "an event that says less than what is already known of its subject; not applied",
        Note.UNKNOWN_ORDER: "news of an order that was not placed yet; kept until it is",
        Note.UNKNOWN_COMPLAINT: "a complaint was updated, resolved or reopened that was never opened; not applied",
        Note.UNKNOWN_CART: "something was taken out of a cart that is not at hand; not applied",
        Note.UNKNOWN_RECEIPT: "a receipt for an action that the record does not (or no longer) know",
        Note.FOREIGN_REDEMPTION: "a coupon of somebody else's campaign was redeemed",
        Note.FOREIGN_CURRENCY: "an order in another currency than the customer's first; counted, not summed",
        Note.CAP_ORDERS: "the order book was full of orders on their way; the oldest made room",
        Note.CAP_COMPLAINTS: "too many complaints at once; the oldest made room",
        Note.CAP_CART_ITEMS: "the cart was full; a further line only adds to its value",
        Note.CAP_TAGS: "more tags than are kept; the rest were left out",
        Note.CAP_LOTS: "too many lots of points; the two newest were joined at the later date",
        Note.CAP_TIMERS: "the record had no room for one more timer; it was not set",
        Note.CAP_BYTES: "the record would have become too large; what matters least was forgotten",
        Note.POINTS_LAPSED: "points lapsed unused (how many)",
    }
)
"""What each note says; the metrics and their documentation are made from this."""


def note(outcome: Outcome, what: Note, times: int = 1) -> None:
    """Count a named outcome."""
    outcome.notes[what.value] = outcome.notes.get(what.value, 0) + times
