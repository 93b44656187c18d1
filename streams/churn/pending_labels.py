"""Predictions wait in the record until their outcome is known: delayed labels.

A label is learned when its time is over, whichever it is. A prediction is learned from twice: by its outcome after the
first half of the horizon, and by that after the whole. Time is cut into windows of a third of the horizon; of the
points in one window a single one is kept, drawn by hash, with their number as its weight.
"""

from __future__ import annotations

from schemas.churn import Days, LabelledExample, PendingLabel, PendingLabels, Score
from schemas.ids import fraction
from schemas.times import DAY, SECOND, Millis
from streams.churn.current_features import CURRENT
from streams.churn.packing import pack, without_history

WHOLE, HALF = 0, 1
WINDOWS = 3
"""Windows in a horizon. No more than half of it must be one: a window is over before its first outcome is known."""


def enqueue(pending: PendingLabels, now: Millis, score: Score, customer: str, horizon: Days) -> None:
    """Take a prediction point into the record, in place: at most ``WINDOWS`` + 1 wait per horizon."""
    seconds, length = now // SECOND, horizon * DAY // WINDOWS
    shift = int(fraction("window", customer) * length)
    newest = _newest(pending, horizon)
    if newest is None or (newest.predicted_at * SECOND + shift) // length != (now + shift) // length:
        pending.labels.append(PendingLabel(seconds, horizon, HALF, 1, _packed(score)))
        return
    newest.points += 1
    draw = fraction("question", customer, str(horizon), str(seconds), str(newest.points))
    if draw * newest.points < 1.0:
        newest.predicted_at, newest.packed = seconds, _packed(score)


def next_maturity(pending: PendingLabels) -> Millis | None:
    """When the first label is known; ``None`` when none is pending."""
    return min((_due(label) for label in pending.labels), default=None)


def mature(pending: PendingLabels, last_order_at: Millis, now: Millis, customer: str) -> list[LabelledExample]:
    """Take out what is known by ``now``: the label is whether an order came after the prediction.

    Call it before an event later than ``next_maturity`` is remembered, so that ``last_order_at`` is of that moment.
    """
    first = next_maturity(pending)
    if first is None or first > now:
        return []
    examples: list[LabelledExample] = []
    for label in pending.labels:
        if label.part == HALF and _due(label) <= now:
            examples.append(_labelled(label, last_order_at, customer))
            label.part, label.packed = WHOLE, without_history(label.packed)
        if label.part == WHOLE and _due(label) <= now:
            examples.append(_labelled(label, last_order_at, customer))
    pending.labels = [label for label in pending.labels if _due(label) > now]
    return sorted(examples, key=lambda example: (due(example), example.horizon, example.part))


def _labelled(label: PendingLabel, last_order_at: Millis, customer: str) -> LabelledExample:
    at, gone = label.predicted_at * SECOND, last_order_at // SECOND <= label.predicted_at
    return LabelledExample(customer, at, label.horizon, label.part, label.packed, gone, label.points)


def due(example: LabelledExample) -> Millis:
    """When the outcome was known."""
    return example.predicted_at + example.horizon * DAY // (1 + example.part)


def _due(label: PendingLabel) -> Millis:
    return label.predicted_at * SECOND + label.horizon * DAY // (1 + label.part)


def _newest(pending: PendingLabels, horizon: Days) -> PendingLabel | None:
    for label in reversed(pending.labels):
        if label.horizon == horizon:
            return label
    return None


def _packed(score: Score) -> bytes:
    return pack(CURRENT, score.log_odds, score.features, score.history)
