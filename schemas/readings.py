"""What a record says without any rule: kept beside it, so that rules, streams and pages read it alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from schemas.fields import SurveyDimension
from schemas.record import Consent, Lot, Points, Purchases
from schemas.times import WEEK, Millis

BUCKET: Final[Millis] = 4 * WEEK
"""Purchases are counted per four weeks since the epoch."""
BUCKETS: Final = 13
"""Of them a year, which segments look at: 52 weeks, the running four included."""

PROSPECT, FIRST, REPEAT, LOYAL = "prospect", "first", "repeat", "loyal"
AT_RISK, DORMANT, WON_BACK = "at_risk", "dormant", "won_back"
STAGES: Final = (PROSPECT, FIRST, REPEAT, LOYAL, AT_RISK, DORMANT, WON_BACK)
ACTIVITIES: Final = ("none", "active", "cooling", "dormant")
VALUES: Final = ("low", "middle", "high")

DIMENSIONS: Final[tuple[SurveyDimension, ...]] = get_args(SurveyDimension)
"""Of surveys, in the order of the record."""


PROFILING: Final = ("any", "profiling")
"""How a record knows the customer's word on being profiled."""


def may_profile(consents: Sequence[Consent]) -> bool:
    """Whether marketing may be chosen by the customer's profile: unless they have objected."""
    for one in reversed(consents):
        if (one.channel, one.purpose) == PROFILING:
            return one.granted
    return True


def last_year(purchases: Purchases, now: Millis) -> tuple[int, int]:
    """Orders, and money in minor units, of the last 52 weeks."""
    buckets = max(BUCKETS - max(now // BUCKET - purchases.bucket, 0), 0)
    return sum(purchases.counts[:buckets]), sum(purchases.amounts[:buckets])


def points_balance(points: Points) -> int:
    """Points that can be used now."""
    return max(sum(lot.points for lot in points.lots) - points.debt, 0)


def open_lots(points: Points) -> list[Lot]:
    """What is left of each lot, those that lapse first spent first."""
    left, spent = [], points.debt
    for lot in points.lots:
        used = min(spent, lot.points)
        spent -= used
        if used < lot.points:
            left.append(Lot(lot.expires, lot.points - used))
    return left
