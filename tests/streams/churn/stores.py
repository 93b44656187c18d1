"""Small stores for tests of churn: made-up customers, the same each time."""

from __future__ import annotations

import random

from schemas.times import DAY, Millis
from streams.churn.progressive import PastOrder

START: Millis = 17_167 * DAY
"""A Sunday at midnight."""


def store(customers: int = 40, days: int = 120, seed: int = 1) -> list[PastOrder]:
    """Customers with rhythms from two days to a month, of whom some leave after any order; sorted by time."""
    dice = random.Random(seed)
    orders = []
    for i in range(customers):
        rhythm, moment = dice.uniform(2.0, 30.0), dice.uniform(0.0, days / 3)
        while moment < days:
            amount = round(dice.lognormvariate(8.0, 0.7))
            orders.append(PastOrder(f"c{i}", START + round(moment * 86_400) * 1_000 + 1, amount))
            if dice.random() < 0.08:
                break
            moment += dice.expovariate(1.0 / rhythm)
    return sorted(orders, key=lambda order: (order.at, order.customer))
