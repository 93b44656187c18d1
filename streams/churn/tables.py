"""Population tables: what customers have in common, added up from integers that lanes contribute.

The table of hazards says, for customers of like rhythm, how often an open gap that reached a certain length
(relative to the rhythm) was ended there by an order. It learns from every gap as it passes, with no delay.
"""

from __future__ import annotations

from math import exp, log

from schemas.churn import Buying
from streams.churn.buying import SHORTEST_GAP

FIXED = 1000
"""Logarithms are counted in thousandths, so that sums are integers and do not depend on their order."""
LOWEST, BINS = -4.0, 18
"""Bins of the open gap: half octaves of gap over rhythm, from 1/16 to 22."""
RHYTHMS, DEPTHS = 8, 4
"""Groups of rhythm (octaves of days) and of orders so far (1, 2 to 3, 4 to 7, more)."""
OWN_GAP_SHRINKAGE = 2.0
"""The population's rhythm counts as so many gaps of her own."""

_LOG2 = log(2.0)
GAPS, GAP_SUM, GAP_SQUARES = "gaps", "gap_sum", "gap_squares"
ORDERS, CUSTOMERS, AMOUNTS = "orders", "customers", "amounts"
REACHED = [[f"r{group}.{b}" for b in range(BINS)] for group in range(RHYTHMS * DEPTHS)]
ENDED = [[f"e{group}.{b}" for b in range(BINS)] for group in range(RHYTHMS * DEPTHS)]


def rhythm(buying: Buying, usual: float) -> float:
    """Her own mean log gap in days, drawn towards the ``usual`` one of the population."""
    return (buying.gaps + OWN_GAP_SHRINKAGE * usual) / (buying.orders - 1 + OWN_GAP_SHRINKAGE)


def group_of(orders: int, own: float) -> int:
    """The group of customers whose gaps are like hers."""
    depth = 0 if orders < 2 else 1 if orders < 4 else 2 if orders < 8 else 3
    return depth * RHYTHMS + min(max(int(own / _LOG2), 0), RHYTHMS - 1)


def position(length: float, own: float) -> float:
    """Where a log gap stands among the bins, as a real number."""
    return min(max(2.0 * ((length - own) / _LOG2 - LOWEST), 0.0), BINS - 0.001)


def bin_edge(b: float, own: float) -> float:
    """The gap in days at which bin ``b`` begins."""
    return max(exp((b / 2.0 + LOWEST) * _LOG2 + own) - SHORTEST_GAP, 0.0)
