"""Population statistics: what customers have in common, added up from integers that lanes contribute.

The table of hazards says, for customers of like rhythm, how many of the gaps that reached a certain length
were ended there by an order. It learns from every gap while it passes, with no delay.
"""

from __future__ import annotations

from math import exp, log

from schemas.churn import Counts, PurchaseFeatures
from schemas.times import DAY, Millis
from streams.churn.purchase_features import BINS, first_order, last_order, log_gap, place

FIXED = 1000
"""Logarithms are counted in thousandths, so that sums are integers and do not depend on their order."""
GROUPS = 14
"""Groups of rhythm: two thirds of an octave of mean gap each, from a day to two years."""
_GROUPS_PER_E = 1.5 / log(2.0)

ORDERS, FIRST_ORDERS, AMOUNTS = "orders", "first_orders", "amounts"
"""Orders, those of new customers, and the log amounts of all, with the memory of the tables."""
CUSTOMERS, LOG_ORDERS = "customers", "log_orders"
"""Customers ever, and the sum over them of the logarithm of their orders."""
FOREVER = frozenset({CUSTOMERS, LOG_ORDERS})
"""Tables that are never forgotten."""
EXPOSURE, AGES = "exposure", "ages"
"""Customer-days: with the memory of the tables, and the sum of the ages of all customers. Kept by the learner."""
REACHED = [[f"r{group}.{b}" for b in range(BINS)] for group in range(GROUPS)]
ENDED = [[f"e{group}.{b}" for b in range(BINS)] for group in range(GROUPS)]


def group_of(orders: int, active: float, usual: float) -> int:
    """The group of customers with similar gaps.

    Args:
        active: days from the first order to the last.
        usual: the population's mean gap in days, which counts as two of the customer's own.
    """
    mean = (active + 2.0 * usual) / (orders + 1.0)
    return min(max(int(log(max(mean, 1.0)) * _GROUPS_PER_E), 0), GROUPS - 1)


def gap_of(group: int) -> float:
    """The mean gap in days of a group's middle."""
    return exp((group + 0.5) / _GROUPS_PER_E)


def counts_of(
    purchases: PurchaseFeatures, usual_gap: float, now: Millis, *, ordered: bool, amount_minor: int = 0
) -> Counts:
    """What the population tables learn from this customer now: at a tick, and at an order before it is remembered.

    Notes in ``purchases``, in place, how much of the open gap has been counted.

    Args:
        usual_gap: the population's mean gap in days.
        ordered: whether an order comes in at ``now``; then ``amount_minor`` is its amount.
    """
    counts: Counts = {}
    if purchases.orders:
        _count_open_gap(purchases, now, usual_gap, ordered, counts)
    if ordered:
        _count_order(purchases, amount_minor, counts)
        purchases.counted = -1
    return counts


def _count_order(purchases: PurchaseFeatures, amount_minor: int, counts: Counts) -> None:
    counts[ORDERS] = 1
    counts[AMOUNTS] = round(log(1.0 + max(amount_minor, 0)) * FIXED)
    if purchases.orders:
        counts[LOG_ORDERS] = round((log(purchases.orders + 1) - log(purchases.orders)) * FIXED)
    else:
        counts[CUSTOMERS] = counts[FIRST_ORDERS] = 1


def _count_open_gap(purchases: PurchaseFeatures, now: Millis, usual: float, ordered: bool, counts: Counts) -> None:
    last = last_order(purchases)
    group = group_of(purchases.orders, (last - first_order(purchases)) / DAY, usual)
    here = int(place(log_gap(max(now - last, 0))))
    for b in range(purchases.counted + 1, here + 1):
        counts[REACHED[group][b]] = 1
    purchases.counted = max(here, purchases.counted)
    if ordered:
        counts[ENDED[group][here]] = 1
