"""Questions wait in the record until their outcome is known.

A label is learned when its time is over, whichever it is. For each horizon there are two parts: the
outcome after the horizon, and that after its first half, from which the same is learned in half the time. Time is cut
into windows of half that length; of the points in one window a single one is kept, drawn by hash, with their
number as its weight.
"""

from __future__ import annotations

from schemas.churn import Asked, Buying, Days, Lesson, Question, Score
from schemas.ids import fraction
from schemas.times import DAY, Millis
from streams.churn.packing import pack

WHOLE, HALF = 0, 1
PARTS = (WHOLE, HALF)


def ask(asked: Asked, buying: Buying, now: Millis, score: Score, customer: str, horizon: Days) -> None:
    """Take a prediction point into the record, in place: at most three questions are open per horizon and part."""
    shift = fraction("window", customer)
    for part in PARTS:
        length = _span(horizon, part) // 2
        newest = _newest(asked, horizon, part)
        if newest is None or _window(newest.asked_at, shift, length) != _window(now, shift, length):
            asked.questions.append(Question(now, horizon, part, 1, _packed(score, part)))
            continue
        newest.points += 1
        draw = fraction("question", customer, str(horizon), str(part), str(now), str(newest.points))
        if draw * newest.points < 1.0:
            newest.asked_at = now
            newest.packed = _packed(score, part)


def next_maturity(asked: Asked) -> Millis | None:
    """When the first open question can be settled; ``None`` when none is open."""
    return min((_due(question) for question in asked.questions), default=None)


def settle(asked: Asked, last_order_at: Millis, now: Millis, customer: str) -> list[Lesson]:
    """Take out the questions that are mature by ``now``; their label is whether an order came after they were asked.

    Call it before an event later than ``next_maturity`` is remembered, so that ``last_order_at`` is of that moment.
    """
    mature = [question for question in asked.questions if _due(question) <= now]
    if not mature:
        return []
    asked.questions = [question for question in asked.questions if _due(question) > now]
    return [
        Lesson(customer, q.asked_at, q.horizon, q.part, q.packed, last_order_at <= q.asked_at, q.points)
        for q in sorted(mature, key=lambda q: (_due(q), q.horizon, q.part))
    ]


def due(lesson: Lesson) -> Millis:
    """When the outcome of a lesson was known."""
    return lesson.asked_at + _span(lesson.horizon, lesson.part)


def _due(question: Question) -> Millis:
    return question.asked_at + _span(question.horizon, question.part)


def _span(horizon: Days, part: int) -> Millis:
    """From a question to its outcome."""
    return horizon * DAY // (1 + part)


def _window(now: Millis, shift: float, length: Millis) -> int:
    """Windows are shifted per customer so that not all of them turn at once."""
    return (now + int(shift * length)) // length


def _newest(asked: Asked, horizon: Days, part: int) -> Question | None:
    for question in reversed(asked.questions):
        if question.horizon == horizon and question.part == part:
            return question
    return None


def _packed(score: Score, part: int) -> bytes:
    return pack(score.log_odds, score.features, score.history if part == HALF else None)
