"""Churn in the way of an event: count, remember, score, ask; labels are settled when they are mature."""

from __future__ import annotations

from rules.context import Churn
from schemas.churn import HorizonState, Score
from streams.churn import ask, causes, counts_of, remember_order, score, settle
from streams.timer_schedule import schedule_maturity
from streams.turn import Turn

DIGITS = 4
"""Decimal places of the probabilities that a record keeps."""


def remember(turn: Turn, amount: int) -> None:
    """An order: told to the population tables first, then to her own history."""
    buying = turn.record.buying
    _add(turn, counts_of(turn.context.almanac.churn, buying, turn.at, ordered=True, amount_minor=amount))
    remember_order(buying, turn.at, amount)


def count(turn: Turn) -> None:
    """A tick: how much of her open gap has passed."""
    _add(turn, counts_of(turn.context.almanac.churn, turn.record.buying, turn.at, ordered=False))


def predict(turn: Turn, about: str) -> None:
    """A prediction point: score every horizon and keep the question; the first horizon is what rules see."""
    record, state = turn.record, turn.context.almanac.churn
    if not record.buying.orders or not turn.context.horizons:
        return
    scores = [score(state, record.buying, turn.at, horizon) for horizon in turn.context.horizons]
    for horizon, scored in zip(turn.context.horizons, scores, strict=True):
        ask(record.asked, record.buying, turn.at, scored, record.id, horizon)
    record.churn = [round(scored.p, DIGITS) for scored in scores]
    turn.churn, turn.scored = _fresh(turn, scores[0]), about
    schedule_maturity(turn)


def mature(turn: Turn) -> None:
    """Settle the questions whose horizon has passed."""
    record = turn.record
    turn.outcome.lessons.extend(settle(record.asked, record.purchases.last, turn.at, record.id))
    schedule_maturity(turn)


def known(turn: Turn) -> Churn | None:
    """What was last known of her, where nothing was scored in this turn."""
    if not turn.record.churn or not turn.context.horizons:
        return None
    of = _state(turn)
    lessons = of.learned["main"].lessons if "main" in of.learned else 0
    return Churn(turn.record.churn[0], 0.0, 1.0, of.trusted, lessons, lambda: _causes_now(turn))


def trusted(turn: Turn) -> float | None:
    """Her probability of churn as last scored, where quality allows to act on it."""
    if not turn.record.churn or not turn.context.horizons or not _state(turn).trusted:
        return None
    return turn.record.churn[0]


def _fresh(turn: Turn, scored: Score) -> Churn:
    return Churn(scored.p, scored.low, scored.high, scored.trusted, scored.labels_seen, lambda: _causes(turn, scored))


def _causes(turn: Turn, scored: Score) -> tuple[str, ...]:
    found = causes(turn.context.almanac.churn, scored, turn.context.horizons[0])
    return tuple(cause.words for cause in found)


def _causes_now(turn: Turn) -> tuple[str, ...]:
    return _causes(turn, score(turn.context.almanac.churn, turn.record.buying, turn.at, turn.context.horizons[0]))


def _state(turn: Turn) -> HorizonState:
    horizon = turn.context.horizons[0]
    return next(state for state in turn.context.almanac.churn.horizons if state.horizon == horizon)


def _add(turn: Turn, counts: dict[str, int]) -> None:
    total = turn.outcome.counts
    for key, value in counts.items():
        total[key] = total.get(key, 0) + value
