"""What a customer contributes to the population tables, at the moments that her record sees her."""

from __future__ import annotations

from math import log

from schemas.churn import Buying, ChurnState, Counts
from schemas.times import DAY, Millis
from streams.churn.buying import first_order, last_order, log_gap, place
from streams.churn.reading import reading
from streams.churn.tables import AMOUNTS, CUSTOMERS, ENDED, FIRST_ORDERS, FIXED, LOG_ORDERS, ORDERS, REACHED, group_of


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
        _count_order(buying, amount_minor, counts)
        buying.counted = -1
    return counts


def _count_order(buying: Buying, amount_minor: int, counts: Counts) -> None:
    counts[ORDERS] = 1
    counts[AMOUNTS] = round(log(1.0 + max(amount_minor, 0)) * FIXED)
    if buying.orders:
        counts[LOG_ORDERS] = round((log(buying.orders + 1) - log(buying.orders)) * FIXED)
    else:
        counts[CUSTOMERS] = counts[FIRST_ORDERS] = 1


def _count_open_gap(buying: Buying, now: Millis, usual: float, ordered: bool, counts: Counts) -> None:
    last = last_order(buying)
    group = group_of(buying.orders, (last - first_order(buying)) / DAY, usual)
    here = int(place(log_gap(max(now - last, 0))))
    for b in range(buying.counted + 1, here + 1):
        counts[REACHED[group][b]] = 1
    buying.counted = max(here, buying.counted)
    if ordered:
        counts[ENDED[group][here]] = 1
