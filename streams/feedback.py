"""What the customer says of the store: surveys and reviews."""

from __future__ import annotations

from itertools import zip_longest

from rules.context import EventContext
from schemas.feedback import ProductReviewed, SurveyAnswered
from schemas.outcome_codes import OutcomeCode
from schemas.readings import DIMENSIONS
from schemas.record import Satisfaction
from streams.churn import remember_signal


def answer(context: EventContext, event: SurveyAnswered) -> OutcomeCode | None:
    """Answers of 1 to 5 by dimension."""
    satisfaction = context.record.satisfaction
    if not satisfaction.counts:
        satisfaction.counts, satisfaction.sums = [0] * len(DIMENSIONS), [0] * len(DIMENSIONS)
    for place, dimension in enumerate(DIMENSIONS):
        rating = event.scores.get(dimension)
        if rating is not None:
            satisfaction.counts[place] += 1
            satisfaction.sums[place] += rating
    satisfaction.last = max(satisfaction.last, event.at)
    overall = event.scores.get("overall")
    # Of two answers of one moment the lower counts: some rule must, and it must be the same in any order of arrival.
    if overall is not None and (event.at, -overall) > (satisfaction.overall_told, -(satisfaction.last_overall or 5)):
        satisfaction.last_overall, satisfaction.overall_told = overall, max(event.at, 1)
    _tell(context, sum(event.scores.values()), len(event.scores))
    return None


def review(context: EventContext, event: ProductReviewed) -> OutcomeCode | None:
    """Stars for a product."""
    context.record.satisfaction.reviews += 1
    context.record.satisfaction.stars += event.rating
    _tell(context, event.rating, 1)
    return None


def joined(mine: Satisfaction, other: Satisfaction) -> Satisfaction:
    """Answers of both."""
    # Of two answers of one moment the lower counts, as it does within one life.
    last = max((mine, other), key=lambda one: (one.overall_told, -(one.last_overall or 9)))
    return Satisfaction(
        counts=_added(mine.counts, other.counts),
        sums=_added(mine.sums, other.sums),
        last=max(mine.last, other.last),
        last_overall=last.last_overall,
        reviews=mine.reviews + other.reviews,
        stars=mine.stars + other.stars,
        overall_told=last.overall_told,
    )


def _tell(context: EventContext, total: int, answers: int) -> None:
    """The mean rating, as 0 to 1."""
    remember_signal(context.record.purchase_features, "satisfaction", context.at, (total / answers - 1.0) / 4.0)


def _added(one: list[int], two: list[int]) -> list[int]:
    return [sum(both) for both in zip_longest(one, two, fillvalue=0)]
