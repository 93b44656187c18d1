"""What a prediction and a lesson cost in one process, in microseconds of processor time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

from schemas.churn import Asked, Buying
from schemas.times import DAY, Millis
from streams.churn import ask, begin, remember_order, score, settle
from streams.churn.learning import teach
from streams.churn.logistic import Belief
from streams.churn.versions import newest

NOW: Millis = 17_000 * DAY
HORIZON = 28
TIMES, ROUNDS = 2_000, 7


def regular() -> Buying:
    """A customer with forty orders in half a year."""
    buying, at = Buying(), NOW - 200 * DAY
    for i in range(40):
        remember_order(buying, at, 1_000 + 7 * i)
        at += (3 + i % 5) * DAY
    return buying


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
    state, buying, asked = begin([HORIZON]), regular(), Asked()
    scored = score(state, buying, NOW, HORIZON)
    ask(asked, buying, NOW, scored, "c1", HORIZON)
    lessons = settle(asked, NOW, NOW + HORIZON * DAY, "c1")
    beliefs = {name: Belief.unpacked(learned) for name, learned in state.horizons[0].learned.items()}
    sys.stdout.write(f"a prediction with its features: {cost(lambda: score(state, buying, NOW, HORIZON)):.0f} µs\n")
    sys.stdout.write(
        f"taking it as a question: {cost(lambda: ask(asked, buying, NOW, scored, 'c1', HORIZON)):.0f} µs\n"
    )
    for lesson in lessons:
        name = ("after the whole horizon", "after its half, with MBG/NBD")[lesson.part]
        work = partial(teach, newest(), beliefs, lesson, 1.0, 30.0)
        sys.stdout.write(f"a lesson {name}: {cost(work):.0f} µs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
