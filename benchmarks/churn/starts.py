"""The first weeks of stores, with the shipped prior and without, on other data than it was made from.

``python -m benchmarks.churn.starts`` prints the table of docs/churn.md: log loss by spans of twenty days, H = 28.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect_right
from collections.abc import Callable
from math import exp, pi, sin

from benchmarks.churn.cdnow import cdnow_orders
from schemas.times import DAY, Millis
from streams.churn import initial_state
from streams.churn.monitoring import loss_of
from streams.churn.prior import shipped
from streams.churn.progressive import PastOrder, ProgressiveEvaluation

START: Millis = 17_167 * DAY
HORIZON, SPAN, SPANS = 28, 20, 4
DAYS = SPAN * SPANS + HORIZON
CUSTOMERS = 200


def made_up(regularity: float, season: float, seed: int) -> list[PastOrder]:
    """Customers who join over the time, with rhythms of ten to forty days, of whom one in twenty leaves per order.

    Args:
        regularity: shape of the gamma distribution of gaps; 1 is none.
        season: how far the rate rises and falls in 60 days.
    """
    dice = random.Random(seed)
    orders: list[PastOrder] = []
    for i in range(CUSTOMERS):
        rhythm, moment = 10.0 * exp(dice.uniform(0.0, 1.4)), dice.uniform(0.0, 60.0)
        while moment < DAYS:
            amount = round(dice.lognormvariate(8.0, 0.7))
            orders.append(PastOrder(f"c{i}", START + round(moment * DAY), amount))
            if dice.random() < 0.05:
                break
            faster = 1.0 + season * sin(2.0 * pi * moment / 60.0)
            moment += dice.gammavariate(regularity, rhythm / faster / regularity)
    return sorted(orders, key=lambda order: (order.at, order.customer))


def cdnow() -> list[PastOrder]:
    """The first weeks of a real store of sparse buyers."""
    orders = [PastOrder(*row) for row in cdnow_orders().iter_rows()]
    return [order for order in orders if order.at < orders[0].at // DAY * DAY + DAYS * DAY]


STORES: dict[str, Callable[[], list[PastOrder]]] = {
    "CDNOW (real)": cdnow,
    "irregular buyers": lambda: made_up(1.0, 0.0, 1),
    "regular buyers": lambda: made_up(4.0, 0.0, 2),
    "a strong season": lambda: made_up(1.0, 0.6, 3),
}


def losses(orders: list[PastOrder], *, prior: bool) -> list[float]:
    """Mean log loss of each span."""
    start = orders[0].at // DAY * DAY
    coming: dict[str, list[Millis]] = {}
    for order in orders:
        coming.setdefault(order.customer, []).append(order.at)
    sums = [[0.0, 0.0] for _ in range(SPANS)]
    state = initial_state([HORIZON], shipped() if prior else None)
    for point in ProgressiveEvaluation(state, HORIZON, start).run(orders):
        span = (point.at - start) // (SPAN * DAY)
        if span >= SPANS:
            break
        theirs = coming[point.customer]
        following = bisect_right(theirs, point.at)
        stays = following < len(theirs) and theirs[following] <= point.at + HORIZON * DAY
        sums[span][0] += 1.0
        sums[span][1] += loss_of(point.score.log_odds, 0.0 if stays else 1.0)
    return [total / count for count, total in sums]


def main() -> int:
    """The command; returns its exit status."""
    heads = " | ".join(f"{i * SPAN} to {(i + 1) * SPAN}" for i in range(SPANS))
    sys.stdout.write(f"| store | | {heads} |\n|---|---{'|--:' * SPANS}|\n")
    for name, store in STORES.items():
        for prior in (False, True):
            cells = " | ".join(f"{loss:.3f}" for loss in losses(store(), prior=prior))
            sys.stdout.write(f"| {'' if prior else name} | {'with' if prior else 'without'} | {cells} |\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
