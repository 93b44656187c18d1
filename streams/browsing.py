"""Visits: what the customer looks at, searches for, and where they get stuck."""

from __future__ import annotations

from rules.context import EventContext
from schemas.browse import CouponRefused, ProductViewed, SearchPerformed
from schemas.outcome_codes import OutcomeCode
from schemas.record import Browsing
from schemas.times import Millis
from streams.churn import remember_signal
from streams.texts import clipped

CATEGORY_BYTES = 40
SKU_BYTES = 40


def visit(context: EventContext, at: Millis) -> None:
    """Any browsing event: after a pause it begins a new visit. What comes late makes nobody a visitor of today."""
    browsing = context.record.browsing
    if at - browsing.last > context.defaults.carts.visit_gap_millis:
        browsing.visits += 1
        remember_signal(context.record.purchase_features, "visit", context.at)
    browsing.last = max(browsing.last, at)


def view(context: EventContext, event: ProductViewed) -> OutcomeCode | None:
    """The customer looked at a product."""
    browsing = context.record.browsing
    browsing.views += 1
    if event.at < browsing.last:
        return None
    browsing.sku = clipped(event.sku, SKU_BYTES)
    if event.category:
        browsing.category = clipped(event.category, CATEGORY_BYTES)
    return None


def search(context: EventContext, event: SearchPerformed) -> OutcomeCode | None:
    """The customer searched."""
    context.record.browsing.searches += 1
    context.record.browsing.empty_searches += event.results == 0
    return None


def refuse_coupon(context: EventContext, event: CouponRefused) -> OutcomeCode | None:
    """A coupon code did not work."""
    context.record.browsing.refused_coupons += 1
    return None


def joined(mine: Browsing, other: Browsing) -> Browsing:
    """Visits of both; what was looked at last is what the later one looked at."""
    later = mine if mine.last >= other.last else other
    earlier = other if later is mine else mine
    return Browsing(
        views=mine.views + other.views,
        searches=mine.searches + other.searches,
        empty_searches=mine.empty_searches + other.empty_searches,
        visits=mine.visits + other.visits,
        last=later.last,
        category=later.category or earlier.category,
        sku=later.sku or earlier.sku,
        refused_coupons=mine.refused_coupons + other.refused_coupons,
        failed_payments=mine.failed_payments + other.failed_payments,
    )
