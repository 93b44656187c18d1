"""What 1, 10 and 100 million customers need, and what that costs: worked out from the committed measurements.

    python -m benchmarks.capacity [--write]

Measures nothing: it reads docs/speed.md, docs/memory.md, docs/timers.md and docs/scaling.md, so that docs/capacity.md
follows them. ``make docs`` writes it anew. What is assumed, and not measured, stands in ``Assumptions``.
"""

from __future__ import annotations

import argparse
from math import ceil, log2
from pathlib import Path
from typing import NamedTuple

from benchmarks.page import put

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "capacity.md"
SIZES = (1_000_000, 10_000_000, 100_000_000)
WEEK_SECONDS = 7 * 86_400
HOURS_A_MONTH = 730
_GB = 1e9
_MICRO = 1e-6


class Assumptions(NamedTuple):
    """What a store is like, and what machines cost; not measured here."""

    weekly_events: float = 12.0
    """Events of a customer a week, as the households of *The Complete Journey* have, who are busy customers."""
    peak: float = 10.0
    """The busiest minutes beside the mean."""
    load: float = 0.5
    """Share of its measured rate that a worker is to take at the peak: the rest catches up after a failure."""
    kept_twice: float = 1.5
    """Memory that a Redis needs beside what it holds, while it rewrites its file."""
    node_gb: float = 64.0
    """Memory of the largest Redis node."""
    copies: int = 2
    """A Redis node and its replica."""
    broker_events: int = 10_000
    """Events a second that a small broker takes, copies of others' included."""
    replication: int = 3
    small_hourly: float = 0.0816
    """US dollars: 2 vCPUs and 8 GiB (m7g.large), for a worker, a broker, the learner, a gateway."""
    small_gb: float = 8.0
    """Larger machines of a family have twice the memory for twice the price, up to that of a node."""


class Measured(NamedTuple):
    """What the pages say."""

    rate: float
    """Events a second of a worker."""
    cpu: float
    """Its CPU per event, in microseconds."""
    store_cpu: float
    """Redis' CPU per event, in microseconds."""
    timer_cpu: float
    """A worker's CPU per timer, in microseconds."""
    bytes_each: float
    """Bytes of a customer in Redis."""


class Need(NamedTuple):
    """What a store of this size needs."""

    customers: int
    mean: float
    """Events a second."""
    peak: float
    workers: int
    memory_gb: float
    nodes: int
    """Without replicas."""
    node_gb: float
    partitions: int
    brokers: int
    redis_load: float
    """Of a core of the busiest node, at the peak."""
    crowd_minutes: float
    """Until all are looked at, where a tenth of them has a timer at one moment."""
    monthly: float
    """US dollars."""


def measured(docs: Path = DOCS) -> Measured:
    """From the pages.

    Raises:
        LookupError: a table is not there, or has other columns.
    """
    return Measured(
        rate=figure(docs / "speed.md", "whole engine", "events/s"),
        cpu=figure(docs / "speed.md", "whole engine", "CPU, us per event"),
        store_cpu=figure(docs / "scaling.md", "everysec", "CPU of the store, us per event"),
        timer_cpu=figure(docs / "timers.md", "100,000", "us of the worker's CPU per timer"),
        bytes_each=figure(docs / "memory.md", "1,000,000", "bytes per customer"),
    )


def figure(page: Path, row: str, column: str) -> float:
    """The number in a table of the page, by the first cell of its row and the head of its column; a share of one."""
    head: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells or not head:
            head = cells
        elif cells[0] == row and column in head:
            cell = cells[head.index(column)].replace(",", "")
            return float(cell.removesuffix("%")) / (100 if cell.endswith("%") else 1)
    raise LookupError(f"{page.name}: no table with a row {row!r} and a column {column!r}")


def need(customers: int, known: Measured, told: Assumptions) -> Need:
    """What a number of customers needs."""
    mean = customers * told.weekly_events / WEEK_SECONDS
    peak = mean * told.peak
    workers = max(2, ceil(peak / (known.rate * told.load)))
    memory = customers * known.bytes_each / _GB * told.kept_twice
    nodes = ceil(memory / told.node_gb)
    brokers = max(told.replication, ceil(peak * told.replication / told.broker_events))
    small = workers + brokers + 2  # the learner and a gateway
    times_small = 2 ** ceil(log2(max(memory / nodes / told.small_gb, 1.0)))
    hourly = told.small_hourly * (small + nodes * told.copies * times_small)
    return Need(
        customers=customers,
        mean=mean,
        peak=peak,
        workers=workers,
        memory_gb=memory,
        nodes=nodes,
        node_gb=times_small * told.small_gb,
        partitions=max(8, 4 * workers, 4 * nodes),
        brokers=brokers,
        redis_load=peak * known.store_cpu * _MICRO / nodes,
        crowd_minutes=customers / 10 * known.timer_cpu * _MICRO / workers / 60,
        monthly=hourly * HOURS_A_MONTH,
    )


def lines(known: Measured, told: Assumptions) -> list[str]:
    """What the page says between its marks."""
    needs = [need(customers, known, told) for customers in SIZES]
    return [
        *_inputs(known, told),
        "",
        "| customers | events/s, mean | at the peak | workers | Redis, GB | nodes | partitions "
        "| brokers | Redis' CPU, of a core a node |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.customers:,} | {one.mean:,.0f} | {one.peak:,.0f} | {one.workers} | {one.memory_gb:,.1f} "
            f"| {one.nodes} of {one.node_gb:g} GB | {one.partitions} | {one.brokers} | {one.redis_load:.1%} |"
            for one in needs
        ),
        "",
        "| customers | minutes until a tenth of them, due at one moment, is looked at | USD a month "
        "| a million customers |",
        "|---|---|---|---|",
        *(
            f"| {one.customers:,} | {one.crowd_minutes:,.1f} | {one.monthly:,.0f} "
            f"| {one.monthly / one.customers * 1e6:,.0f} |"
            for one in needs
        ),
    ]


def _inputs(known: Measured, told: Assumptions) -> list[str]:
    """What is measured, where, and what is assumed."""
    return [
        "| measured, on two shared cores | | where |",
        "|---|---|---|",
        f"| events a second of a worker | {known.rate:,.0f} | [speed](speed.md) |",
        f"| its CPU per event, us | {known.cpu:,.0f} | [speed](speed.md) |",
        f"| its CPU per timer of a crowd, us | {known.timer_cpu:,.0f} | [timers](timers.md) |",
        f"| Redis' CPU per event, us | {known.store_cpu:,.0f} | [scaling](scaling.md) |",
        f"| bytes of a customer in Redis | {known.bytes_each:,.0f} | [memory](memory.md) |",
        "",
        "| assumed, and not measured | |",
        "|---|---|",
        f"| events of a customer a week | {told.weekly_events:g} |",
        f"| the busiest minutes, of the mean | {told.peak:g} |",
        f"| of its measured rate a worker takes then | {told.load:.0%} |",
        f"| memory of a Redis, of what it holds | {told.kept_twice:.0%} |",
        f"| copies of a Redis node | {told.copies} |",
        f"| events a second of a small broker, copies of others' included | {told.broker_events:,} |",
        f"| copies of an event | {told.replication} |",
        f"| a small machine (2 vCPUs, 8 GiB: m7g.large), USD an hour | {told.small_hourly} |",
        f"| memory of the largest Redis node (m7g.4xlarge, eight times that price), GB | {told.node_gb:g} |",
    ]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/capacity.md")
    told = parser.parse_args()
    found = lines(measured(), Assumptions())
    print("\n".join(found))
    if told.write:
        put("capacity", found, PAGE)


if __name__ == "__main__":
    main()
