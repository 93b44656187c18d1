"""What the model looks at: ratios to her own rhythm and to the horizon, so that no store's scale matters.

Every feature is near 0 for an unremarkable customer and moves by about 1; none is standardised from data.
"""

from __future__ import annotations

from math import exp, log, log1p, sqrt

from schemas.churn import Buying, ChurnState, Days, Signals
from schemas.times import DAY, SECOND, Millis
from streams.churn.buying import SHORTEST_GAP, SPANS
from streams.churn.reading import Reading, log_beyond, reading
from streams.churn.repeat import churn_logit
from streams.churn.tables import OWN_GAP_SHRINKAGE, group_of, position, rhythm

VERSION = 1
"""Raise it with any change of a feature: questions asked under another version are not learned from."""

NAMES = (
    "overdue",
    "overdue_surely",
    "silence",
    "rate_week",
    "rate_month",
    "rate_season",
    "rate_year",
    "rate_ever",
    "second_last",
    "third_last",
    "fifth_last",
    "eighth_last",
    "hazard",
    "repeat",
    "regularity",
    "tenure",
    "orders",
    "spend",
    "last_spend",
    "only_one",
    "visits",
    "unresolved",
    "complaints",
    "late",
    "satisfaction",
    "returns",
)
SIZE = len(NAMES)
KTH = (2, 3, 5, 8)
PRIOR_ORDERS = 0.5
"""The population's rate counts as so many orders of her own in every decayed rate."""
NO_SIGNALS = (0.0,) * 6


def features(state: ChurnState, buying: Buying, now: Millis, horizon: Days) -> tuple[float, ...]:
    """The features of a customer at a moment, in the order of ``NAMES``."""
    known = reading(state)
    silence = max(now / SECOND - buying.recent[-1], 0.0) * SECOND / DAY
    tenure = max(now - buying.first, 0) / DAY
    own = rhythm(buying, known.usual_gap)
    gap = log(silence + SHORTEST_GAP)
    spread = _spread(buying, known, own)
    overdue = gap - own
    repeats = buying.orders - 1
    mine = repeats + 3.0
    return (
        overdue,
        max(overdue, 0.0) / spread,
        log((silence + SHORTEST_GAP) / horizon),
        *_rates(buying, silence, tenure, known.usual_rate, horizon),
        *_recent(buying, now, tenure, known.usual_rate, horizon),
        _hazard(buying, known, own, gap, silence, horizon),
        churn_logit(known.horizons[horizon].repeat, repeats, tenure - silence, tenure, horizon) / 2.0,
        log(spread),
        log((tenure + 1.0) / horizon),
        log(buying.orders) / 2.0,
        (buying.amounts + 3.0 * known.usual_amount) / (buying.orders + 3.0) - known.usual_amount,
        (buying.amount - buying.amounts / buying.orders) * buying.orders / mine,
        1.0 if repeats == 0 else 0.0,
        *(NO_SIGNALS if buying.signals is None else _signals(buying.signals, now)),
    )


def _spread(buying: Buying, known: Reading, own: float) -> float:
    """The standard deviation of her log gaps, drawn towards the population's."""
    usual = known.usual_spread
    count = buying.orders - 1
    around = buying.gaps_squared - 2.0 * own * buying.gaps + count * own * own
    shrinkage = 2.0 * OWN_GAP_SHRINKAGE
    return sqrt(max((around + shrinkage * usual * usual) / (count + shrinkage), 0.01))


def _rates(buying: Buying, silence: float, tenure: float, usual: float, horizon: Days) -> tuple[float, ...]:
    """Log of orders expected within the horizon, at the pace of the last week, month, season, year, and of all time."""
    rates = []
    prior = PRIOR_ORDERS / usual
    for count, span in zip(buying.counts, SPANS, strict=True):
        seen = span * (1.0 - exp(-tenure / span))
        rates.append(log(horizon * (count * exp(-silence / span) + PRIOR_ORDERS) / (seen + prior)))
    rates.append(log(horizon * (buying.orders - 1 + PRIOR_ORDERS) / (tenure + prior)))
    return tuple(rates)


def _recent(buying: Buying, now: Millis, tenure: float, usual: float, horizon: Days) -> tuple[float, ...]:
    """Log of orders expected within the horizon, at the pace since the k-th last order."""
    paces = []
    ring = buying.recent
    seconds = now / SECOND
    for k in KTH:
        have = min(k, len(ring))
        span = (seconds - ring[-have]) * SECOND / DAY
        paces.append(log(horizon * (have - 0.5) / (span + 0.5 / usual)))
    return tuple(paces)


def _hazard(buying: Buying, known: Reading, own: float, gap: float, silence: float, horizon: Days) -> float:
    """Log-odds of no order within the horizon, from what happened to gaps like hers."""
    curve = known.survival[group_of(buying.orders, own)]
    later = log(silence + horizon + SHORTEST_GAP)
    beyond = log_beyond(curve, position(later, own)) - log_beyond(curve, position(gap, own))
    stay = min(max(exp(beyond), 1e-4), 1.0 - 1e-4)
    return log(stay / (1.0 - stay)) / 2.0


def _signals(signals: Signals, now: Millis) -> tuple[float, ...]:
    """Visits against her usual, open and recent complaints, late deliveries, satisfaction, returns."""
    days = max(now - signals.at, 0) / DAY
    quarter, half = exp(-days / 90.0), exp(-days / 180.0)
    week = signals.visits_week * exp(-days / 7.0)
    usual = signals.visits_season * exp(-days / 60.0) * 7.0 / 60.0
    return (
        log((week + 0.5) / (usual + 0.5)),
        1.0 if signals.open_complaints else 0.0,
        log1p(signals.complaints * quarter),
        log1p(signals.late * quarter),
        signals.satisfaction * half / (signals.ratings * half + 1.0),
        log1p(signals.returns * quarter),
    )
