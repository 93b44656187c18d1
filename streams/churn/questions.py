"""Questions wait in the record until their outcome is known.

A label is learned at t + H, whichever it is. Time is cut into windows of half a horizon; of the points
in one window a single one is kept, drawn by hash, with their number as its weight.
"""

from __future__ import annotations

from schemas.churn import Asked, Buying, Days, Lesson, Question, Score
from schemas.ids import fraction
from schemas.times import DAY, Millis
from streams.churn.design import pack


def ask(asked: Asked, buying: Buying, now: Millis, score: Score, customer: str, horizon: Days) -> None:
    """Take a prediction point into the record, in place: at most three questions are open for a horizon."""
    window = _window(customer, now, horizon)
    newest = _newest(asked, horizon)
    if newest is None or asked.questions[newest].window != window:
        asked.questions.append(Question(now, horizon, window, 1, pack(score.p, score.features)))
        return
    question = asked.questions[newest]
    question.points += 1
    if fraction("question", customer, str(horizon), str(window), str(question.points)) * question.points < 1.0:
        question.asked_at = now
        question.packed = pack(score.p, score.features)


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
        Lesson(customer, q.asked_at, q.horizon, q.packed, last_order_at <= q.asked_at, q.points)
        for q in sorted(mature, key=lambda q: (_due(q), q.horizon))
    ]


def _due(question: Question) -> Millis:
    return question.asked_at + question.horizon * DAY


def _window(customer: str, now: Millis, horizon: Days) -> int:
    """Windows of half a horizon, shifted per customer so that not all of them turn at once."""
    length = horizon * DAY // 2
    return (now + int(fraction("window", customer) * length)) // length


def _newest(asked: Asked, horizon: Days) -> int | None:
    """Where the latest question of the horizon stands."""
    for i in range(len(asked.questions) - 1, -1, -1):
        if asked.questions[i].horizon == horizon:
            return i
    return None
