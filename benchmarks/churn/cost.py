"""What a prediction and an example cost in one process, in microseconds of processor time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

from schemas.churn import PendingLabels, PurchaseFeatures
from schemas.times import DAY, Millis
from streams.churn import enqueue, initial_state, mature, remember_order, score
from streams.churn.current_features import CURRENT
from streams.churn.learning import learn
from streams.churn.model import ChurnClassifier

NOW: Millis = 17_000 * DAY
HORIZON = 28
TIMES, ROUNDS = 2_000, 7


def regular() -> PurchaseFeatures:
    """A customer with forty orders in half a year."""
    purchases, at = PurchaseFeatures(), NOW - 200 * DAY
    for i in range(40):
        remember_order(purchases, at, 1_000 + 7 * i)
        at += (3 + i % 5) * DAY
    return purchases


def cost(work: Callable[[], object]) -> float:
    """The best of some rounds, per call."""
    best = float("inf")
    for _ in range(ROUNDS):
        since = time.process_time()
        for _ in range(TIMES):
            work()
        best = min(best, time.process_time() - since)
    return best / TIMES * 1e6


def main() -> int:
    """The command; returns its exit status."""
    state, purchases, pending = initial_state([HORIZON]), regular(), PendingLabels()
    scored = score(state, purchases, NOW, HORIZON)
    enqueue(pending, NOW, scored, "c1", HORIZON)
    examples = mature(pending, NOW, NOW + HORIZON * DAY, "c1")
    model = ChurnClassifier(CURRENT, HORIZON, usual_gap=30.0)
    model.restore(state.horizons[0].learned)
    sys.stdout.write(f"a prediction with its features: {cost(lambda: score(state, purchases, NOW, HORIZON)):.1f} µs\n")
    sys.stdout.write(f"keeping it pending: {cost(lambda: enqueue(pending, NOW, scored, 'c1', HORIZON)):.1f} µs\n")
    for example in examples:
        name = ("after the whole horizon", "after its half, with MBG/NBD")[example.part]
        work = partial(learn, model, example, 1.0)
        sys.stdout.write(f"learning an example {name}: {cost(work):.1f} µs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
