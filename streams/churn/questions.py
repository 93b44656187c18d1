"""Questions wait in the record until their outcome is known.

A label is learned when its time is over, whichever it is. A question is learned from twice: by its outcome after the
first half of the horizon, and by that after the whole. Time is cut into windows of a third of the horizon; of the
points in one window a single one is kept, drawn by hash, with their number as its weight.
"""

from __future__ import annotations

from schemas.churn import Asked, Buying, Days, Lesson, Question, Score
from schemas.ids import fraction
from schemas.times import DAY, SECOND, Millis
from streams.churn.packing import pack, together, without_history
from streams.churn.versions import VERSIONS

WHOLE, HALF = 0, 1
WINDOWS = 3
"""Windows in a horizon. No more than half of it must be one: a window is over before its question is first answered."""


def ask(asked: Asked, buying: Buying, now: Millis, score: Score, customer: str, horizon: Days) -> None:
    """Take a prediction point into the record, in place: at most ``WINDOWS`` + 1 questions are open per horizon."""
    seconds, length = now // SECOND, horizon * DAY // WINDOWS
    shift = int(fraction("window", customer) * length)
    newest = _newest(asked, horizon)
    if newest is None or (newest.asked_at * SECOND + shift) // length != (now + shift) // length:
        asked.questions.append(Question(seconds, horizon, HALF, 1, _packed(score)))
        return
    newest.points += 1
    draw = fraction("question", customer, str(horizon), str(seconds), str(newest.points))
    if draw * newest.points < 1.0:
        newest.asked_at, newest.packed = seconds, _packed(score)


def next_maturity(asked: Asked) -> Millis | None:
    """When the first open question can be settled; ``None`` when none is open."""
    return min((_due(question) for question in asked.questions), default=None)


def settle(asked: Asked, last_order_at: Millis, now: Millis, customer: str) -> list[Lesson]:
    """Take out the questions that are mature by ``now``; their label is whether an order came after they were asked.

    Call it before an event later than ``next_maturity`` is remembered, so that ``last_order_at`` is of that moment.
    """
    if all(_due(question) > now for question in asked.questions):
        return []
    lessons: list[Lesson] = []
    for question in asked.questions:
        if question.part == HALF and _due(question) <= now:
            lessons.append(_answered(question, last_order_at, customer))
            question.part, question.packed = WHOLE, without_history(question.packed)
        if question.part == WHOLE and _due(question) <= now:
            lessons.append(_answered(question, last_order_at, customer))
    asked.questions = [question for question in asked.questions if _due(question) > now]
    return sorted(lessons, key=lambda lesson: (due(lesson), lesson.horizon, lesson.part))


def _answered(question: Question, last_order_at: Millis, customer: str) -> Lesson:
    at, gone = question.asked_at * SECOND, last_order_at // SECOND <= question.asked_at
    return Lesson(customer, at, question.horizon, question.part, question.packed, gone, question.points)


def due(lesson: Lesson) -> Millis:
    """When the outcome of a lesson was known."""
    return lesson.asked_at + _span(lesson.horizon, lesson.part)


def _due(question: Question) -> Millis:
    return question.asked_at * SECOND + _span(question.horizon, question.part)


def _span(horizon: Days, part: int) -> Millis:
    """From a question to its outcome."""
    return horizon * DAY // (1 + part)


def _newest(asked: Asked, horizon: Days) -> Question | None:
    for question in reversed(asked.questions):
        if question.horizon == horizon:
            return question
    return None


def _packed(score: Score) -> bytes:
    packed, beside = pack(VERSIONS[score.version], score.log_odds, score.features, score.history), score.beside
    if beside is None:
        return packed
    return together(packed, pack(VERSIONS[beside.version], beside.log_odds, beside.features, score.history))
