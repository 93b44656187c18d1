"""The life cycle: prospect, first, repeat, loyal, at risk, dormant, won back."""

from __future__ import annotations

from rules.defaults import Stages
from schemas.readings import AT_RISK, DORMANT, FIRST, LOYAL, PROSPECT, REPEAT, WON_BACK, last_year
from schemas.record import Purchases, Segment
from schemas.times import DAY, Millis


def stage(segment: Segment, purchases: Purchases, stages: Stages, now: Millis, churn: float | None) -> str:
    """The stage the customer is in now, given the one before.

    Args:
        churn: the customer's probability of churn where it may be acted on, else None.
    """
    if purchases.count <= purchases.cancelled:
        return PROSPECT
    days = (now - purchases.last) // DAY
    if days >= stages.dormant_days:
        return DORMANT
    if days >= stages.at_risk_days:
        return AT_RISK
    if segment.stage == DORMANT or _is_won_back(segment, stages, now):
        return WON_BACK
    if churn is not None and churn >= stages.at_risk_churn:
        return AT_RISK
    return _by_orders(purchases, stages, now)


def _is_won_back(segment: Segment, stages: Stages, now: Millis) -> bool:
    return segment.stage == WON_BACK and now - segment.since < stages.won_back_days * DAY


def _by_orders(purchases: Purchases, stages: Stages, now: Millis) -> str:
    if last_year(purchases, now)[0] >= stages.loyal_orders:
        return LOYAL
    return REPEAT if purchases.count - purchases.cancelled > 1 else FIRST
