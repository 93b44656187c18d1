"""A customer's own rhythm: their usual gap between orders, and whether they are quiet for longer than that explains.

The mean and spread of the logarithms of their gaps, shrunk towards those of the store's numbers: few gaps say little.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Final

from rules.context import EventContext
from schemas.churn import PurchaseFeatures
from schemas.readings import BUCKET, BUCKETS
from schemas.times import DAY, Millis

_CENTI: Final = 100
"""The record keeps logarithms in hundredths."""


def usual_gap(context: EventContext) -> float:
    """Days from one order to the next, as is usual for this customer; 0 before the first order."""
    features = context.record.purchase_features
    return exp(_mean(context, features)) - 1.0 if features.orders else 0.0


def gaps_passed(context: EventContext) -> float:
    """How many of these gaps have passed since the last order."""
    gap = usual_gap(context)
    return _quiet_days(context, context.at) / gap if gap else 0.0


def is_quiet(context: EventContext, at: Millis) -> bool:
    """Whether they are quiet for longer at that moment than their rhythm and its spread explain."""
    features, numbers = context.record.purchase_features, context.defaults.rhythm
    if features.orders < numbers.least_orders:
        return False
    mean, days = _mean(context, features), _quiet_days(context, at)
    return (
        days >= numbers.quiet_times * (exp(mean) - 1.0)
        and days >= exp(mean + numbers.spreads * _spread(context, features)) - 1.0
    )


def out_of_season(context: EventContext) -> bool:
    """Whether they ordered nothing at this time of the last year either, but did at others."""
    numbers = context.record.purchases
    if not numbers.first or context.at - numbers.first < BUCKETS * BUCKET:
        return False
    ahead = context.at // BUCKET - numbers.bucket
    then = [place - ahead for place in (BUCKETS - 2, BUCKETS - 1)]
    return any(numbers.counts) and not any(numbers.counts[place] for place in then if 0 <= place < len(numbers.counts))


def _quiet_days(context: EventContext, at: Millis) -> float:
    last = context.record.purchases.last
    return max(at - last, 0) / DAY if last else 0.0


def _mean(context: EventContext, features: PurchaseFeatures) -> float:
    numbers = context.defaults.rhythm
    return (features.log_gaps / _CENTI + numbers.weight * log(1.0 + numbers.usual_days)) / (
        max(features.orders - 1, 0) + numbers.weight
    )


def _spread(context: EventContext, features: PurchaseFeatures) -> float:
    numbers, count, mean = context.defaults.rhythm, max(features.orders - 1, 0), _mean(context, features)
    gaps, squared = features.log_gaps / _CENTI, features.log_gaps_squared / _CENTI
    around = squared - 2.0 * mean * gaps + count * mean * mean
    return sqrt(max((around + numbers.weight * numbers.usual_spread**2) / (count + numbers.weight), 0.0))
