"""What the customer says of the store: surveys and reviews."""

from __future__ import annotations

from rules.context import EventContext
from schemas.feedback import ProductReviewed, SurveyAnswered
from schemas.outcome_codes import OutcomeCode
from schemas.readings import DIMENSIONS
from streams.churn import remember_signal


def answer(context: EventContext, event: SurveyAnswered) -> OutcomeCode | None:
    """Answers of 1 to 5 by dimension."""
    if _is_old(context, event):
        return OutcomeCode.TOO_OLD_FEEDBACK
    satisfaction = context.record.satisfaction
    if not satisfaction.counts:
        satisfaction.counts, satisfaction.sums = [0] * len(DIMENSIONS), [0] * len(DIMENSIONS)
    for place, dimension in enumerate(DIMENSIONS):
        rating = event.scores.get(dimension)
        if rating is not None:
            satisfaction.counts[place] += 1
            satisfaction.sums[place] += rating
    satisfaction.last = context.at
    satisfaction.last_overall = event.scores.get("overall", satisfaction.last_overall)
    _tell(context, sum(event.scores.values()), len(event.scores))
    return None


def review(context: EventContext, event: ProductReviewed) -> OutcomeCode | None:
    """Stars for a product."""
    if _is_old(context, event):
        return OutcomeCode.TOO_OLD_FEEDBACK
    context.record.satisfaction.reviews += 1
    context.record.satisfaction.stars += event.rating
    _tell(context, event.rating, 1)
    return None


def _tell(context: EventContext, total: int, answers: int) -> None:
    """The mean rating, as 0 to 1."""
    remember_signal(context.record.purchase_features, "satisfaction", context.at, (total / answers - 1.0) / 4.0)


def _is_old(context: EventContext, event: SurveyAnswered | ProductReviewed) -> bool:
    """Feedback has no state of its own to tell a duplicate by, only the ring of event ids."""
    return event.at <= context.record.recent.reach
