"""What a customer contributes to the population tables, at the moments that her record sees her."""

from __future__ import annotations

from math import log

from schemas.churn import Buying, ChurnState, Counts
from schemas.times import Millis
from streams.churn.buying import last_order, log_gap
from streams.churn.reading import reading
from streams.churn.tables import (
    AMOUNTS,
    CUSTOMERS,
    ENDED,
    FIXED,
    GAP_SQUARES,
    GAP_SUM,
    GAPS,
    ORDERS,
    REACHED,
    group_of,
    position,
    rhythm,
)


def counts_of(state: ChurnState, buying: Buying, now: Millis, *, ordered: bool, amount_minor: int = 0) -> Counts:
    """What the population tables learn from this customer now: at a tick, and at an order before it is remembered.

    Notes in the record, in place, how much of her open gap has been counted.

    Args:
        ordered: whether an order comes in at ``now``; then ``amount_minor`` is its amount.
    """
    counts: Counts = {}
    if buying.orders:
        _count_open_gap(buying, now, reading(state).usual_gap, ordered, counts)
    if ordered:
        counts[ORDERS] = 1
        counts[AMOUNTS] = round(log(1.0 + max(amount_minor, 0)) * FIXED)
        if not buying.orders:
            counts[CUSTOMERS] = 1
        buying.counted = -1
    return counts


def _count_open_gap(buying: Buying, now: Millis, usual: float, ordered: bool, counts: Counts) -> None:
    own = rhythm(buying, usual)
    length = log_gap(max(now - last_order(buying), 0))
    group = group_of(buying.orders, own)
    here = int(position(length, own))
    for b in range(buying.counted + 1, here + 1):
        counts[REACHED[group][b]] = 1
    buying.counted = max(here, buying.counted)
    if ordered:
        counts[ENDED[group][here]] = 1
        counts[GAPS] = 1
        counts[GAP_SUM] = round(length * FIXED)
        counts[GAP_SQUARES] = round(length * length * FIXED)
