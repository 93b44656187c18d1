"""Visits."""

from __future__ import annotations

from schemas.outcome_codes import OutcomeCode
from schemas.record import TimerKind
from tests.builders import Life, event, when


def test_events_close_together_are_one_visit_and_a_pause_begins_another() -> None:
    life = Life()
    life.happens(
        event("product.viewed", sku="s-1", category="books"),
        event("search.performed", when(minutes=20), query="bread", results=0),
        event("product.viewed", when(minutes=80), sku="s-2"),
    )

    browsing = life.record.browsing
    assert (browsing.visits, browsing.views, browsing.searches, browsing.empty_searches) == (2, 2, 1, 1)
    assert (browsing.sku, browsing.category) == ("s-2", "books")


def test_a_visit_makes_no_prediction_and_needs_no_order_book() -> None:
    life = Life()

    outcome = life.happens(event("product.viewed", sku="s-1"))

    assert (outcome.lessons, outcome.counts) == ([], {})
    assert life.record.pending_labels.labels == []
    assert life.due(TimerKind.MATURITY) is None


def test_a_visit_older_than_the_ring_reaches_back_is_not_applied() -> None:
    life = Life()
    first = event("product.viewed", sku="first")
    many = life.lane.rulebook.defaults.duplicates.browse * 2 + 1
    life.happens(first, *(event("product.viewed", when(0, 1, n), sku="s") for n in range(many)))
    before = life.stored()

    outcome = life.happens(first, event("product.viewed", when(0, 0, 30), sku="never seen"))

    assert outcome.codes == {OutcomeCode.TOO_OLD_BROWSE: 2}
    assert life.stored() == before


def test_a_refused_coupon_is_friction_and_is_counted() -> None:
    life = Life()

    life.happens(event("coupon.refused", code="OLD"))

    assert life.record.browsing.refused_coupons == 1


def test_a_visit_of_last_week_that_comes_late_makes_nobody_a_visitor_of_today() -> None:
    life = Life()
    life.happens(event("product.viewed", when(8), sku="new", category="maps"))
    life.happens(event("complaint.opened", when(20), complaint_id="p-1", category="delivery"))
    life.happens(event("product.viewed", when(6), sku="old", category="novels"))

    browsing = life.record.browsing
    assert (browsing.views, browsing.last) == (2, when(8))
    assert (browsing.sku, browsing.category) == ("new", "maps")
