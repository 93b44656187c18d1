"""Lanes of a store with 1, 10 and 100 million customers, simulated: how long events wait, also after a failure.

    python -m benchmarks.lane_simulation [--seconds 60] [--write]

Nothing is measured: a turn and an event cost what the committed tables say (docs/speed.md, docs/machinery.md);
workers, lanes and events a second are those of docs/capacity.md. Events come at random (a Poisson process for each
lane). A worker is one core that takes a turn of one lane after the other; what has come for a lane meanwhile is its
next turn. After a third of the time one worker fails: ``SESSION`` later its lanes go to the others, and stay there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from heapq import heapify, heapreplace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.capacity import DOCS, PAGE, SIZES, Assumptions, figure, measured, need
from benchmarks.page import put

SESSION = 7.0
"""Seconds until the lanes of a worker that failed are at work elsewhere: its session, and taking over."""
STORE = 0.002
"""Seconds that a turn waits for the store: two round trips, in which other lanes have theirs."""
MOST = 800
"""Events of one turn."""
SEED = 1
Moments = NDArray[np.float64]


class Costs(NamedTuple):
    """Seconds."""

    turn: float
    """Of the worker's CPU for a turn, however many events it has."""
    event: float
    """Of its CPU for each event of it."""
    out: float
    """From the commit until readers have what was decided; nobody is kept waiting by it."""


class Lane:
    """Events of one lane, and how far they are handled."""

    def __init__(self, came: Moments) -> None:
        self.came = came
        self.next = 0
        self.waited = np.zeros_like(came)
        """Of each event that is handled, from when it came until what was decided is out."""

    def from_when(self, free: float) -> float:
        """When the lane has something to do, if it may from a moment on; never, if no event is left."""
        return max(free, self.came[self.next]) if self.next < len(self.came) else np.inf

    def turn(self, now: float, costs: Costs) -> float:
        """Take what has come, and no more than fits a turn; how long that keeps the worker."""
        stop = min(int(np.searchsorted(self.came, now, side="right")), self.next + MOST)
        took = costs.turn + (stop - self.next) * costs.event
        self.waited[self.next : stop] = now + took + STORE + costs.out - self.came[self.next : stop]
        self.next = stop
        return took


class Seen(NamedTuple):
    """What became of the events."""

    busy: float
    """CPU of the busiest worker before the failure, of one core."""
    waited: Moments
    """Seconds of each event that came before the failure."""
    longest: float
    """Seconds of the one that waited longest because of it."""
    caught_up: float
    """Seconds from the failure until no event waited longer than a second any more."""


def work(lanes: Sequence[Lane], free: float, until: float, costs: Costs) -> tuple[float, float]:
    """Let one worker have turns of these lanes until a moment; when it is free again, and its seconds of CPU."""
    spent = 0.0
    ready = [(lane.from_when(free), number) for number, lane in enumerate(lanes)]
    heapify(ready)
    while ready and (began := max(free, ready[0][0])) < until:
        lane = lanes[ready[0][1]]
        took = lane.turn(began, costs)
        free, spent = began + took, spent + took
        heapreplace(ready, (lane.from_when(free + STORE), ready[0][1]))
    return free, spent


def simulate(workers: int, partitions: int, rate: float, seconds: float, costs: Costs) -> Seen:
    """Run lanes for some seconds at a rate of events a second; after a third of that time the first worker fails."""
    dice, fails = np.random.default_rng(SEED), seconds / 3
    lanes = [Lane(_arrivals(dice, rate / partitions, seconds)) for _ in range(partitions)]
    shares = [lanes[number::workers] for number in range(workers)]
    done = [work(mine, 0.0, fails, costs) for mine in shares]
    orphans, others = shares[0], shares[1:]
    for number, mine in enumerate(others, 1):
        free, _ = work(mine, done[number][0], fails + SESSION, costs)
        work([*mine, *orphans[number - 1 :: len(others)]], max(free, fails + SESSION), np.inf, costs)
    came, waited = (np.concatenate([getattr(lane, what) for lane in lanes]) for what in ("came", "waited"))
    before = came + waited < fails
    slow = waited[~before] > 1.0
    out = (came + waited)[~before][slow]
    return Seen(
        max(spent for _, spent in done) / fails,
        waited[before],
        float(waited[~before].max()),
        float(out.max() - fails) if len(out) else 0.0,
    )


def _arrivals(dice: np.random.Generator, rate: float, seconds: float) -> Moments:
    return np.sort(dice.uniform(0.0, seconds, dice.poisson(rate * seconds)))


def costs_of(docs: Path = DOCS) -> Costs:
    """From the pages: what an event costs in full turns, and what a turn adds where each has one event.

    Raises:
        LookupError: a table is not there, or has other columns.
    """
    machinery, pace = docs / "machinery.md", 200
    alone = figure(machinery, f"tend, the whole product, read_committed, at {pace} a second", "CPU, of one core") / pace
    event = measured(docs).cpu * 1e-6
    out = figure(machinery, f"the floor of exactly once, read_committed, at {pace} a second", "p50, ms") * 1e-3
    return Costs(alone - event, event, max(out - STORE, 0.0))


def lines(seconds: float) -> list[str]:
    """What the page says between its marks."""
    costs, known, told = costs_of(), measured(), Assumptions()
    found = [
        f"Made by `python -m benchmarks.lane_simulation --seconds {seconds:g} --write`: a turn costs "
        f"{costs.turn * 1e3:.1f} ms of CPU and each of its events {costs.event * 1e6:.0f} us.",
        "",
        "| customers | events/s, at the peak | workers | lanes | CPU of the busiest worker | p50, ms | p99, ms "
        "| a worker fails: longest wait, s | all caught up after, s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for customers in SIZES:
        it = need(customers, known, told)
        seen = simulate(it.workers, it.partitions, it.peak, seconds, costs)
        p50, p99 = np.quantile(seen.waited, [0.5, 0.99]) * 1e3
        found.append(
            f"| {customers:,} | {it.peak:,.0f} | {it.workers} | {it.partitions} | {seen.busy:.0%} | {p50:.0f} "
            f"| {p99:.0f} | {seen.longest:.1f} | {seen.caught_up:.1f} |"
        )
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--write", action="store_true", help="write docs/capacity.md")
    told = parser.parse_args()
    found = lines(told.seconds)
    print("\n".join(found))
    if told.write:
        put("lanes", found, PAGE)


if __name__ == "__main__":
    main()
