"""Visits: what she looks at, searches for, and where she gets stuck."""

from __future__ import annotations

from schemas.browse import CouponRefused, ProductViewed, SearchPerformed
from streams.churn import remember_signal
from streams.notes import Note
from streams.texts import clipped
from streams.turn import Turn

CATEGORY_BYTES = 40
SKU_BYTES = 40


def visit(turn: Turn) -> None:
    """Any browsing event: after a pause it begins a new visit."""
    browsing = turn.record.browsing
    if turn.at - browsing.last > turn.defaults.carts.visit_gap_millis:
        browsing.visits += 1
        remember_signal(turn.record.buying, "visit", turn.at)
    browsing.last = turn.at


def view(turn: Turn, event: ProductViewed) -> Note | None:
    """She looked at a product."""
    browsing = turn.record.browsing
    browsing.views += 1
    browsing.sku = clipped(event.sku, SKU_BYTES)
    if event.category:
        browsing.category = clipped(event.category, CATEGORY_BYTES)
    return None


def search(turn: Turn, event: SearchPerformed) -> Note | None:
    """She searched."""
    turn.record.browsing.searches += 1
    turn.record.browsing.empty_searches += event.results == 0
    return None


def refuse_coupon(turn: Turn, event: CouponRefused) -> Note | None:
    """A coupon of hers did not work."""
    turn.record.browsing.refused_coupons += 1
    return None
