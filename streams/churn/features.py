"""What the model looks at: ratios to the customer's rhythm and the population's, so that no store's scale matters.

Every feature is near 0 for an unremarkable customer and moves by about 1. None is standardised from data:
where a customer base ages or grows, ratios stay where they are.
"""

from __future__ import annotations

from itertools import accumulate
from math import exp, log, log1p, sqrt

from schemas.churn import Days, PurchaseFeatures, Signals
from schemas.times import DAY, SECOND, Millis
from streams.churn.mbg_nbd import churn_logits
from streams.churn.model_view import ModelView
from streams.churn.population_stats import group_of
from streams.churn.purchase_features import (
    CENTI,
    GRID,
    HALF_YEARLY,
    MILLI,
    QUARTERLY,
    SEASONAL,
    SIGNAL,
    SPANS,
    WEEKLY,
    first_order,
    last_order,
    place,
)

NAMES = (
    "silence",
    "fresh_silence",
    "overdue",
    "surely_overdue",
    "irregular",
    "pace_week",
    "pace_month",
    "pace_season",
    "pace_year",
    "pace_ever",
    "pace_2",
    "pace_3",
    "pace_5",
    "pace_8",
    "orders",
    "age",
    "spend",
    "last_spend",
    "similar_gaps",
    "own_gaps",
    "own_gaps_half",
    "repeat",
    "repeat_half",
    "visits",
    "unresolved",
    "complaints",
    "late",
    "satisfaction",
    "returns",
)
SIZE = len(NAMES)
OPEN, FRESH = 0.4, 0.05
"""Parts of the population's gap that an open gap is counted longer: how far the first hours are told apart."""
KTH = (2, 3, 5, 8)
PRIOR_ORDERS = 0.5
"""The population's rate counts as this many orders of the customer's own in every pace."""
OWN_GAPS = 2.0
"""The population's hazard, and its mean log gap, count as this many gaps of the customer's own."""
NO_SIGNALS = (0.0,) * 6
GRIDS_A_DAY = DAY / SECOND / GRID
HIGHEST, LOWEST = -1e-4, -4.6
"""BatchLimits of what the tables say: the logarithm of a probability, and half of log-odds."""


def look(known: ModelView, purchases: PurchaseFeatures, now: Millis, horizon: Days) -> tuple[float, ...]:
    """The features of a customer at a moment, in the order of ``NAMES``."""
    silence = max(now - last_order(purchases), 0) / DAY
    age = max(now - first_order(purchases), 0) / DAY
    spent = purchases.log_amounts / CENTI
    return (
        *_rhythm(purchases, silence, known.usual_gap),
        *_paces(purchases, silence, age, known.usual_gap),
        *_paces_since(purchases, silence, known.usual_gap),
        log(purchases.orders) - known.usual_orders,
        2.0 * log((age + 7.0) / (known.usual_age + 7.0)),
        1.5 * (spent - purchases.orders * known.usual_amount) / (purchases.orders + 1.0),
        purchases.log_amount / CENTI - spent / purchases.orders,
        *_from_gaps(purchases, known, silence, age, horizon),
        *_from_repeat(purchases, known, silence, age, horizon),
        *(NO_SIGNALS if purchases.signals is None else _signals(purchases.signals, now)),
    )


def history(purchases: PurchaseFeatures, now: Millis) -> tuple[int, float, float]:
    """What MBG/NBD looks at: orders after the first; days from the first order to the last, and to now."""
    first = first_order(purchases)
    return purchases.orders - 1, (last_order(purchases) - first) / DAY, max(now - first, 0) / DAY


def _rhythm(purchases: PurchaseFeatures, silence: float, usual: float) -> tuple[float, ...]:
    """The open gap against the population's and the customer's own, surely so where that is regular."""
    count = purchases.orders - 1
    gaps, squared = purchases.log_gaps / CENTI, purchases.log_gaps_squared / CENTI
    own = (gaps + OWN_GAPS * log(usual)) / (count + OWN_GAPS)
    around = squared - 2.0 * own * gaps + count * own * own
    spread = sqrt(max((around + 2.0 * OWN_GAPS) / (count + 2.0 * OWN_GAPS), 0.01))
    overdue = log(silence + 1.0) - own
    return (
        log(silence / usual + OPEN),
        log(silence / usual + FRESH) / 2.0,
        overdue,
        surely_overdue(overdue, spread),
        2.0 * log(spread),
    )


def surely_overdue(overdue: float, spread: float) -> float:
    """How far the open gap is beyond the customer's usual one, in spreads of their log gaps."""
    return max(overdue, 0.0) / spread


def _paces(purchases: PurchaseFeatures, silence: float, age: float, usual: float) -> list[float]:
    """Log of the customer's pace over the population's: of the last week, month, season, year, and of all time."""
    prior = PRIOR_ORDERS * usual
    paces = [
        log(usual * (count / MILLI * exp(-silence / span) + PRIOR_ORDERS) / (span - span * exp(-age / span) + prior))
        for count, span in zip(purchases.counts, SPANS, strict=True)
    ]
    paces.append(log(usual * (purchases.orders - 1 + PRIOR_ORDERS) / (age + prior)))
    return paces


def _paces_since(purchases: PurchaseFeatures, silence: float, usual: float) -> list[float]:
    """The same since the k-th last order."""
    spans, prior = list(accumulate(reversed(purchases.gaps), initial=0)), PRIOR_ORDERS * usual
    paces = []
    for k in KTH:
        have = min(k, len(spans))
        since = silence + spans[have - 1] / GRIDS_A_DAY
        paces.append(log(usual * (have - PRIOR_ORDERS) / (since + prior)))
    return paces


def _from_gaps(
    purchases: PurchaseFeatures, known: ModelView, silence: float, age: float, horizon: Days
) -> tuple[float, ...]:
    """Log-odds of no order within the horizon, from gaps of similar customers, and from the customer's own with them.

    Their own tell of the first half of the horizon too.
    """
    group = group_of(purchases.orders, age - silence, known.usual_gap)
    start, end = place(log(silence + 1.0)), place(log(silence + horizon + 1.0))
    middle = place(log(silence + horizon / 2.0 + 1.0))
    similar = known.beyond(group, end) - known.beyond(group, start)
    whole, half = _log_beyond(purchases.lengths, known.hazards[group], start, middle, end)
    return _half_logit(similar), _half_logit(whole), _half_logit(half)


def _log_beyond(
    lengths: list[int], hazards: list[float], start: float, middle: float, end: float
) -> tuple[float, float]:
    """The log of the chance that a gap which reached ``start`` goes on beyond ``end``, and beyond ``middle``.

    It is told from bins of the customer's own gaps.
    """
    first, halfway, last = int(start), int(middle), int(end)
    reached = sum(lengths[first:]) + OWN_GAPS
    known = len(lengths)
    total = step = half = 0.0
    for b in range(first, last + 1):
        ended = lengths[b] if b < known else 0
        step = log(1.0 - (ended + OWN_GAPS * hazards[b]) / reached)
        reached -= ended
        total += step
        if b == first:
            total -= step * (start - first)
        if b == halfway:
            half = total - step * (halfway + 1.0 - middle)
    return total - step * (last + 1.0 - end), half


def _half_logit(logarithm: float) -> float:
    p = exp(min(max(logarithm, -50.0), HIGHEST))
    return max(log(p / (1.0 - p)) / 2.0, LOWEST) + 1.0


def _from_repeat(
    purchases: PurchaseFeatures, known: ModelView, silence: float, age: float, horizon: Days
) -> tuple[float, float]:
    """Log-odds of no order within the horizon, and within its half, by MBG/NBD."""
    parameters = known.horizons[horizon].repeat
    whole, half = churn_logits(parameters, purchases.orders - 1, age - silence, age, horizon)
    return whole / 2.0 + 1.0, half / 2.0 + 1.0


def _signals(signals: Signals, now: Millis) -> tuple[float, ...]:
    """Visits against the usual, open and recent complaints, late deliveries, satisfaction, returns."""
    days = max(now / DAY - signals.day, 0.0)
    quarter, half = exp(-days / QUARTERLY) / SIGNAL, exp(-days / HALF_YEARLY) / SIGNAL
    week = signals.visits_week / SIGNAL * exp(-days / WEEKLY)
    usual = signals.visits_season / SIGNAL * exp(-days / SEASONAL) * WEEKLY / SEASONAL
    return (
        log((week + 0.5) / (usual + 0.5)),
        1.0 if signals.open_complaints else 0.0,
        log1p(signals.complaints * quarter),
        log1p(signals.late * quarter),
        signals.satisfaction * half / (signals.ratings * half + 1.0),
        log1p(signals.returns * quarter),
    )
