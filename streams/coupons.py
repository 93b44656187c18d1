"""Coupons of the store's own that the customer took."""

from __future__ import annotations

from rules.context import EventContext
from schemas.customers import CouponClaimed
from schemas.given_out import MAX_COUPONS, Coupon
from schemas.outcome_codes import OutcomeCode
from schemas.times import to_millis


def claim(context: EventContext, event: CouponClaimed) -> OutcomeCode | None:
    """The customer holds it from now on; of what they hold, what lapses first makes room."""
    held, expires = context.record.coupons, to_millis(event.expires_at)
    known = next((one for one in held if one.code == event.code), None)
    if known is not None:
        return OutcomeCode.DUPLICATE
    if expires <= context.at:
        return OutcomeCode.OUTDATED
    own = event.currency == context.record.purchases.currency
    coupon = Coupon(event.code, 0, expires, event.percent or 0, (event.amount or 0) if own else 0)
    context.record.coupons = sorted([*held, coupon], key=lambda one: one.expires)[-MAX_COUPONS:]
    return None
