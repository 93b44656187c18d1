"""Surveys and reviews."""

from __future__ import annotations

from schemas.outcome_codes import OutcomeCode
from tests.builders import Life, event, when


def test_answers_are_summed_by_dimension() -> None:
    life = Life()
    life.happens(
        event("survey.answered", scores={"overall": 4, "delivery": 2}),
        event("survey.answered", when(1), scores={"overall": 5}),
    )

    satisfaction = life.record.satisfaction
    assert satisfaction.counts == [2, 0, 0, 1, 0]
    assert satisfaction.sums == [9, 0, 0, 2, 0]
    assert satisfaction.last_overall == 5


def test_reviews_are_counted_in_stars_and_lower_or_raise_what_churn_knows() -> None:
    life = Life()

    life.happens(event("product.reviewed", sku="s-1", rating=1))

    assert (life.record.satisfaction.reviews, life.record.satisfaction.stars) == (1, 1)
    assert life.record.purchase_features.signals is not None
    assert life.record.purchase_features.signals.satisfaction == -10_000


def test_feedback_older_than_the_ring_reaches_back_is_not_applied() -> None:
    life = Life()
    first = event("survey.answered", scores={"overall": 1})
    many = life.lane.rulebook.defaults.duplicates.others * 2 + 1
    life.happens(first, *(event("product.reviewed", when(1, 0, n), sku="s", rating=5) for n in range(many)))
    before = life.stored()

    outcome = life.happens(first)

    assert outcome.codes == {OutcomeCode.TOO_OLD_FEEDBACK: 1}
    assert life.stored() == before
