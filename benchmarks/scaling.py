"""What more workers and more durability cost: the same history with 1, 2 and 4 workers, and with two kinds of fsync.

    python -m benchmarks.scaling [--weeks 4] [--households 300] [--rounds 3] [--partitions 4] [--write]
    python -m benchmarks.scaling --several-nodes [--weeks 4] [--households 300] [--write]

The second has one worker beside one broker and one store, then three beside three brokers and a cluster of three stores
with a replica each; every lane has published all of it at the end of both.

Workers, broker and store share the cores of one machine, so the clock says little of what more machines would give.
What tells is the CPU that an event costs all workers together: where it stays the same, workers do not disturb each
other. Figures are medians, and ratios are those of the same round. ``--write`` puts the tables into docs/scaling.md.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.page import put
from benchmarks.running import Run, replayed
from infra.embedded.store import Durability
from schemas.topics import EVENT_TOPICS

PAGE = Path("docs/scaling.md")
WORKERS = (1, 2, 4)
LANES = 12
"""Of the comparison with several nodes."""
SYNCS: tuple[Durability, ...] = ("everysec", "always")


class Seen(NamedTuple):
    """One replay."""

    rate: float
    """Events a second by the clock."""
    cost: float
    """Microseconds of CPU of all workers, per event."""
    store: float
    """Microseconds of CPU of the store, per event."""
    shares: list[float]
    """Of each worker, of the CPU of all, the largest first."""
    lanes: list[int]
    """Events of each lane."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--households", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--several-nodes", action="store_true", help="three of everything beside one")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    told = parser.parse_args()
    if told.several_nodes:
        several_nodes(told.weeks, told.households, write=told.write)
        return

    def seen(workers: int = 1, durability: Durability = "everysec") -> Seen:
        chosen = {"workers": workers, "partitions": told.partitions}
        with replayed(told.weeks, told.households, durability=durability, **chosen) as run:
            return _seen(run)

    more: dict[int, list[Seen]] = {workers: [] for workers in WORKERS}
    safer: dict[Durability, list[Seen]] = {durability: [] for durability in SYNCS}
    for _ in range(told.rounds):
        for workers in WORKERS:
            more[workers].append(seen(workers))
        safer["everysec"].append(more[1][-1])
        safer["always"].append(seen(durability="always"))
    lines = [*_workers(more), "", *_lanes(more[1][0].lanes), "", *_durability(safer)]
    print("\n".join(lines))
    if told.write:
        ran = f"--weeks {told.weeks} --households {told.households} --rounds {told.rounds}"
        made = f"Made by `python -m benchmarks.scaling {ran} --partitions {told.partitions} --write`."
        put("workers", [made, "", *lines], PAGE)


def several_nodes(weeks: int, households: int, *, write: bool) -> None:
    """One of everything, then three of everything, with twelve lanes."""
    found = []
    for nodes in (1, 3):
        with replayed(weeks, households, workers=nodes, partitions=LANES, several_nodes=nodes > 1) as run:
            found.append(_seen(run))
    ran = f"python -m benchmarks.scaling --several-nodes --weeks {weeks} --households {households} --write"
    lines = [
        f"Made by `{ran}`.",
        "",
        "| workers, brokers, stores | events/s | CPU of workers, us per event | of one worker | CPU of each, of all "
        "| CPU of the stores, us per event |",
        "|---|---|---|---|---|---|",
    ]
    for what, seen in zip(("1, 1, 1", "3, 3, 3 and 3 replicas"), found, strict=True):
        shares = ", ".join(f"{share:.0%}" for share in seen.shares)
        lines.append(
            f"| {what} | {seen.rate:,.0f} | {seen.cost:,.0f} | {seen.cost / found[0].cost:.2f} | {shares} "
            f"| {seen.store:,.0f} |"
        )
    print("\n".join(lines))
    if write:
        put("several nodes", lines, PAGE)


def _seen(run: Run) -> Seen:
    states = [state for state in asyncio.run(run.installation.states()) if state]
    whole = sum(run.costs)
    return Seen(
        run.events / run.seconds,
        whole / run.events * 1e6,
        run.store_cost / run.events * 1e6,
        sorted((cost / whole for cost in run.costs), reverse=True),
        [sum(state.offsets[topic] for topic in EVENT_TOPICS) for state in states],
    )


def _workers(more: dict[int, list[Seen]]) -> list[str]:
    lines = [
        "| workers | events/s | of one worker | CPU of workers, us per event | of one worker | CPU of each, of all |",
        "|---|---|---|---|---|---|",
    ]
    for workers, some in more.items():
        shares = ", ".join(f"{median(share):.0%}" for share in zip(*(one.shares for one in some), strict=True))
        lines.append(
            f"| {workers} | {_median(some, _rate):,.0f} | {_ratio(some, more[1], _rate):.2f} "
            f"| {_median(some, _cost):,.0f} | {_ratio(some, more[1], _cost):.2f} | {shares} |"
        )
    return lines


def _lanes(events: list[int]) -> list[str]:
    mean = sum(events) / len(events)
    return [
        f"Events of each lane: {', '.join(f'{count:,}' for count in events)}; the fullest has "
        f"{max(events) / mean:.2f} of the mean."
    ]


def _durability(safer: dict[Durability, list[Seen]]) -> list[str]:
    lines = [
        "| appendfsync | events/s | of everysec | CPU of the worker, us per event | of everysec | CPU of the store, "
        "us per event | of everysec |",
        "|---|---|---|---|---|---|---|",
    ]
    plain = safer["everysec"]
    for name, some in safer.items():
        cells = [f"{_median(some, which):,.0f} | {_ratio(some, plain, which):.2f}" for which in (_rate, _cost, _store)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _rate(seen: Seen) -> float:
    return seen.rate


def _cost(seen: Seen) -> float:
    return seen.cost


def _store(seen: Seen) -> float:
    return seen.store


def _median(some: list[Seen], which: Callable[[Seen], float]) -> float:
    return median(map(which, some))


def _ratio(some: list[Seen], others: list[Seen], which: Callable[[Seen], float]) -> float:
    return median(which(one) / which(other) for one, other in zip(some, others, strict=True))


if __name__ == "__main__":
    main()
