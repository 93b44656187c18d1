"""What she says of the store: surveys and reviews."""

from __future__ import annotations

from typing import Final

from schemas.feedback import ProductReviewed, SurveyAnswered
from schemas.fields import SurveyDimension
from streams.churn import remember_signal
from streams.notes import Note
from streams.turn import Turn

DIMENSIONS: Final[tuple[SurveyDimension, ...]] = ("overall", "product", "service", "delivery", "after_sales")
"""Their order in the record."""


def answer(turn: Turn, event: SurveyAnswered) -> Note | None:
    """Answers of 1 to 5 by dimension."""
    if _is_old(turn, event):
        return Note.TOO_OLD_FEEDBACK
    satisfaction = turn.record.satisfaction
    if not satisfaction.counts:
        satisfaction.counts, satisfaction.sums = [0] * len(DIMENSIONS), [0] * len(DIMENSIONS)
    for place, dimension in enumerate(DIMENSIONS):
        rating = event.scores.get(dimension)
        if rating is not None:
            satisfaction.counts[place] += 1
            satisfaction.sums[place] += rating
    satisfaction.last = turn.at
    satisfaction.last_overall = event.scores.get("overall", satisfaction.last_overall)
    _tell(turn, sum(event.scores.values()), len(event.scores))
    return None


def review(turn: Turn, event: ProductReviewed) -> Note | None:
    """Stars for a product."""
    if _is_old(turn, event):
        return Note.TOO_OLD_FEEDBACK
    turn.record.satisfaction.reviews += 1
    turn.record.satisfaction.stars += event.rating
    _tell(turn, event.rating, 1)
    return None


def _tell(turn: Turn, total: int, answers: int) -> None:
    """The mean rating, as 0 to 1."""
    remember_signal(turn.record.buying, "satisfaction", turn.at, (total / answers - 1.0) / 4.0)


def _is_old(turn: Turn, event: SurveyAnswered | ProductReviewed) -> bool:
    """Feedback has no state of its own to tell a duplicate by, only the ring of event ids."""
    return event.at <= turn.record.recent.reach
