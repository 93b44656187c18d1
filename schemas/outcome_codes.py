"""Named outcomes that operations count: each is a key of ``Outcome.notes``, with its meaning."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from schemas.outcome import Outcome


class OutcomeCode(StrEnum):
    """What may be counted beside decisions."""

    DUPLICATE = "duplicate"
    LATE = "late"
    ERASED = "erased"
    NEW_CUSTOMER = "new_customer"
    TOO_OLD_BROWSE = "too_old_browse"
    TOO_OLD_FEEDBACK = "too_old_feedback"
    TOO_OLD_ORDER = "too_old_order"
    TOO_OLD_REDEMPTION = "too_old_redemption"
    TOO_OLD_COMPLAINT = "too_old_complaint"
    OUTDATED = "outdated"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_COMPLAINT = "unknown_complaint"
    UNKNOWN_CART = "unknown_cart"
    UNKNOWN_RECEIPT = "unknown_receipt"
    FOREIGN_REDEMPTION = "foreign_redemption"
    FOREIGN_CURRENCY = "foreign_currency"
    FIELD_LEFT_OUT = "field_left_out"
    UNKNOWN_ZONE = "unknown_zone"
    MERGED = "merged"
    MOVED = "moved"
    IDENTITY_CONFLICT = "identity_conflict"
    CAP_ORDERS = "cap_orders"
    CAP_COMPLAINTS = "cap_complaints"
    CAP_CART_ITEMS = "cap_cart_items"
    CAP_TAGS = "cap_tags"
    CAP_LOTS = "cap_lots"
    CAP_ATTRIBUTES = "cap_attributes"
    CAP_WISHES = "cap_wishes"
    CAP_BYTES = "cap_bytes"
    POINTS_LAPSED = "points_lapsed"


MEANINGS = MappingProxyType(
    {
        OutcomeCode.DUPLICATE: "an event that was applied before; nothing changed",
        OutcomeCode.LATE: "an event older than the latest of its customer; it counts at its own time",
        OutcomeCode.ERASED: "an event of a customer who asked to be forgotten; nothing was kept of it",
        OutcomeCode.NEW_CUSTOMER: "an event of a customer not registered; a record was made and the event applied",
        OutcomeCode.TOO_OLD_BROWSE: "a visit older than the duplicates ring reaches back; not applied",
        OutcomeCode.TOO_OLD_FEEDBACK: "feedback older than the duplicates ring reaches back; not applied",
        OutcomeCode.TOO_OLD_ORDER: "an event of an order that the order book may have forgotten; not applied",
        OutcomeCode.TOO_OLD_REDEMPTION: "points spent before what is remembered of redemptions; not applied",
        OutcomeCode.TOO_OLD_COMPLAINT: "an event of a complaint that the record may have forgotten; not applied",
        OutcomeCode.OUTDATED: "an event that says less than what is already known of its subject; not applied",
        OutcomeCode.UNKNOWN_ORDER: "news of an order that was not placed yet; kept until it is",
        OutcomeCode.UNKNOWN_COMPLAINT: "news of a complaint that was not opened yet; kept until it is",
        OutcomeCode.UNKNOWN_CART: "news of a cart that is not at hand; not applied",
        OutcomeCode.UNKNOWN_RECEIPT: "a receipt for an action that the record does not (or no longer) know",
        OutcomeCode.FOREIGN_REDEMPTION: "a coupon of somebody else's campaign was redeemed",
        OutcomeCode.FOREIGN_CURRENCY: "an order in another currency than the customer's first; counted, not summed",
        OutcomeCode.FIELD_LEFT_OUT: "an optional field had a wrong value; the event was applied without it",
        OutcomeCode.UNKNOWN_ZONE: "a time zone that is none; the customer's is not known",
        OutcomeCode.MERGED: "two lives became one",
        OutcomeCode.MOVED: "an event under an id that belongs to another customer; passed on to them",
        OutcomeCode.IDENTITY_CONFLICT: "an id was said to be somebody else than before; not applied",
        OutcomeCode.CAP_ORDERS: "the order book was full of orders on their way; the oldest made room",
        OutcomeCode.CAP_COMPLAINTS: "too many complaints at once; the oldest made room",
        OutcomeCode.CAP_CART_ITEMS: "the cart was full; a further line only adds to its value",
        OutcomeCode.CAP_TAGS: "more tags than are kept; the rest were left out",
        OutcomeCode.CAP_LOTS: "too many lots of points; the two newest were joined at the later date",
        OutcomeCode.CAP_ATTRIBUTES: "more of the store's own attributes than are kept; the rest were left out",
        OutcomeCode.CAP_WISHES: "more products noted than are kept; the oldest made room",
        OutcomeCode.CAP_BYTES: "the record would have become too large; what matters least was forgotten",
        OutcomeCode.POINTS_LAPSED: "points lapsed unused (how many)",
    }
)
"""What each note says; the metrics and their documentation are made from this."""


def count_outcome(outcome: Outcome, what: OutcomeCode, times: int = 1) -> None:
    """Count a named outcome."""
    outcome.codes[what.value] = outcome.codes.get(what.value, 0) + times
