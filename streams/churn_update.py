"""Churn in the way of an event: count, remember, score, enqueue; labels are learned when they are mature."""

from __future__ import annotations

from functools import partial

from rules.context import Churn, EventContext, LaneContext
from schemas.churn import HorizonState, PendingLabels, Score
from schemas.readings import may_profile
from schemas.record import CustomerRecord
from schemas.times import SECOND, Millis
from streams.churn import counts_of, enqueue, explanations, pending_labels, remember_order, score
from streams.churn.model_view import view_of
from streams.customer import Foreseen
from streams.timer_schedule import schedule_maturity

DIGITS = 4
"""Decimal places of the probabilities that a record keeps."""


def remember(context: EventContext, amount: int, at: Millis) -> None:
    """An order placed ``at``: told to the population tables first, then to the customer's own history.

    One that comes after a later one is in the history at its own time; the tables, which count gaps as they end, have
    counted the gap that it lies in.
    """
    purchases = context.record.purchase_features
    if at // SECOND >= purchases.last:
        _add(context, counts_of(purchases, _usual_gap(context), at, ordered=True, amount_minor=amount))
    remember_order(purchases, at, amount)


def count(context: EventContext) -> None:
    """A tick: how much of the open gap has passed."""
    _add(context, counts_of(context.record.purchase_features, _usual_gap(context), context.at, ordered=False))


def foreseen(record: CustomerRecord, lane: LaneContext, at: Millis) -> Foreseen | None:
    """The scores of a moment, if no order comes until then; None for somebody who is not scored."""
    if not record.purchase_features.orders or not lane.horizons or not may_profile(record.consents):
        return None
    return Foreseen(at, [score(lane.almanac.churn, record.purchase_features, at, horizon) for horizon in lane.horizons])


def predict(context: EventContext, about: str, known: Foreseen | None = None) -> None:
    """A prediction point: score every horizon and keep the label pending; the first horizon is what rules see.

    Whoever asks for it sets the timer of pending labels (``schedule_maturity``).

    Args:
        known: the scores of this moment, where they were reckoned before and no order came since.
    """
    record = context.record
    if known is None or known.at != context.at:
        known = foreseen(record, context.lane, context.at)
    if known is None:
        return
    scores = known.scores
    for horizon, scored in zip(context.lane.horizons, scores, strict=True):
        enqueue(record.pending_labels, context.at, scored, record.id, horizon)
    record.churn = [round(scored.p, DIGITS) for scored in scores]
    context.churn, context.scored = _fresh(context, scores[0]), about


def forget(context: EventContext) -> None:
    """Of who objects to being profiled there is no score, and nothing is learned."""
    context.record.churn = []
    context.record.pending_labels = PendingLabels()
    context.churn = None
    schedule_maturity(context)


def mature(context: EventContext) -> None:
    """Learn from the labels whose horizon has passed; whoever asks for it sets their timer, as after ``predict``."""
    record = context.record
    context.outcome.lessons.extend(
        pending_labels.mature(record.pending_labels, record.purchases.last, context.at, record.id)
    )


def known(context: EventContext) -> Churn | None:
    """What was last known of the customer, where nothing was scored for this event."""
    if not context.record.churn or not context.lane.horizons:
        return None
    of = _state(context)
    examples = of.learned["main"].examples if "main" in of.learned else 0
    causes = partial(_causes_now, context.lane, context.record, context.at)
    return Churn(context.record.churn[0], 0.0, 1.0, of.trusted, examples, causes)


def trusted(context: EventContext) -> float | None:
    """The probability of churn as last scored, where quality allows to act on it."""
    if not context.record.churn or not context.lane.horizons or not _state(context).trusted:
        return None
    return context.record.churn[0]


def _fresh(context: EventContext, scored: Score) -> Churn:
    return Churn(
        scored.p, scored.low, scored.high, scored.trusted, scored.labels_seen, partial(_causes, context.lane, scored)
    )


# Neither holds on to the context, which holds on to the score: every score would be garbage in a circle.
def _causes(lane: LaneContext, scored: Score) -> tuple[str, ...]:
    found = explanations(lane.almanac.churn, scored, lane.horizons[0])
    return tuple(explanation.words for explanation in found)


def _causes_now(lane: LaneContext, record: CustomerRecord, at: Millis) -> tuple[str, ...]:
    return _causes(lane, score(lane.almanac.churn, record.purchase_features, at, lane.horizons[0]))


def _state(context: EventContext) -> HorizonState:
    horizon = context.lane.horizons[0]
    return next(state for state in context.lane.almanac.churn.horizons if state.horizon == horizon)


def _usual_gap(context: EventContext) -> float:
    return view_of(context.lane.almanac.churn).usual_gap


def _add(context: EventContext, counts: dict[str, int]) -> None:
    total = context.outcome.counts
    for key, value in counts.items():
        total[key] = total.get(key, 0) + value
