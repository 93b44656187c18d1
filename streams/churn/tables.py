"""Population tables: what customers have in common, added up from integers that lanes contribute.

The table of hazards says, for customers of like rhythm, how many of the gaps that reached a certain length
were ended there by an order. It learns from every gap while it passes, with no delay.
"""

from __future__ import annotations

from math import exp, log

from streams.churn.buying import BINS

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
    """The group of customers whose gaps are like hers.

    Args:
        active: days from her first order to her last.
        usual: the population's mean gap in days, which counts as two of hers.
    """
    mean = (active + 2.0 * usual) / (orders + 1.0)
    return min(max(int(log(max(mean, 1.0)) * _GROUPS_PER_E), 0), GROUPS - 1)


def gap_of(group: int) -> float:
    """The mean gap in days of a group's middle."""
    return exp((group + 0.5) / _GROUPS_PER_E)
