"""Memory: bytes per customer in the store and in a worker, bytes per event in the append-only file.

    python -m benchmarks.memory [--customers 1000000] [--weeks 12] [--households 120] [--redis URL] [--write]

The store is filled in three steps with customers as the engine leaves them (``benchmarks.population``), and what a
customer takes is the slope between the steps. ``--redis`` names a server that may be wiped of tend:* keys; without it
the embedded one is used. What a worker holds is measured beside the whole engine, replaying the same weeks. ``--write``
puts the page together in docs/memory.md.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from redis import Redis

from benchmarks.population import LANES, lived, resident, settle, under_new_ids
from benchmarks.running import replayed
from infra.embedded import EmbeddedStore
from infra.store import CustomerImage, RedisStore
from infra.store.keys import lane_keys
from schemas.codec import decode_orders, decode_record
from streams.customer_cache import MOST

PAGE = Path("docs/memory.md")
PARTS = ("customers", "orders", "timers", "decisions")
_MB = 1e6
_GB = 1e9


class Step(NamedTuple):
    """The store with so many customers."""

    customers: int
    used: int
    """``used_memory``."""
    parts: dict[str, int]
    """Bytes by key."""


class Worker(NamedTuple):
    """A worker at the end of a replay."""

    events: int
    customers: int
    resident: int
    appended: int
    """Bytes of the store's append-only file."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--households", type=int, default=120)
    parser.add_argument("--redis", default="", help="a server that may be wiped of tend:* keys; else an embedded one")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    told = parser.parse_args()
    known = lived(told.weeks, told.households)
    with server(told.redis) as url:
        version, steps = asyncio.run(fill(url, known, told.customers))
    workers = [worker_after(told.weeks, households) for households in (told.households, told.households * 3)]
    lines = [
        *_population(known, told.weeks),
        "",
        *_store(steps, version),
        "",
        *_worker(workers, in_cache(known)),
        "",
        *_needs(steps),
    ]
    print("\n".join(lines))
    if told.write:
        written, _, _ = PAGE.read_text(encoding="utf-8").partition(_MEASURED)
        ran = f"--customers {told.customers} --weeks {told.weeks} --households {told.households}"
        made = f"Made by `python -m benchmarks.memory {ran} --write`."
        PAGE.write_text("\n".join([written + _MEASURED, "", made, "", *lines, ""]), encoding="utf-8")


_MEASURED = "## Measured"


@contextmanager
def server(url: str) -> Iterator[str]:
    """The server at the address, or an embedded one without the file, which would only fill the disk."""
    if url:
        yield url
        return
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedStore(Path(directory), extra={"appendonly": "no"}) as store,
    ):
        yield store.url


async def fill(url: str, known: list[CustomerImage], most: int) -> tuple[str, list[Step]]:
    """The server's name, and the store at each step; nothing is left in it."""
    async with RedisStore(url) as store:
        await store.wipe()
        with Redis.from_url(url) as client:
            steps, held = [_step(client, 0)], 0
            for customers in (most // 10, most * 3 // 10, most):
                await settle(store, under_new_ids(known, held, customers - held))
                held = customers
                steps.append(_step(client, customers))
            server: dict[str, Any] = client.info("server")
        await store.wipe()
    name = "Valkey" if "valkey_version" in server else "Redis"
    return f"{name} {server.get('valkey_version') or server['redis_version']}", steps


def _step(client: Redis, customers: int) -> Step:
    info: dict[str, Any] = client.info("memory")
    parts = Counter[str]()
    for lane in range(LANES):
        for part in PARTS:
            usage: Any = client.memory_usage(getattr(lane_keys(lane), part), samples=1_000)
            parts[part] += usage or 0
    return Step(customers, info["used_memory"], dict(parts))


def in_cache(known: list[CustomerImage]) -> float:
    """Bytes of one customer as a lane keeps one between two micro-batches: decoded, with the stored bytes."""
    before, kept = resident(), []
    for number in range(5_000):
        image = known[number % len(known)]
        body, orders = bytes(bytearray(image.record)), bytes(bytearray(image.orders or b""))
        kept.append((body, orders, decode_record(body), decode_orders(orders) if orders else None))
    return (resident() - before) / len(kept)


def worker_after(weeks: int, households: int) -> Worker:
    """A worker that has replayed these weeks, and the append-only file that it wrote."""
    with replayed(weeks, households, never_rewrite=True) as run:
        with Redis.from_url(run.installation.settings.redis_url) as client:
            info: dict[str, Any] = client.info("persistence")
            customers = sum(int(client.hlen(lane_keys(p).customers)) for p in range(run.partitions))
        (worker,) = run.installation.workers
        return Worker(run.events, customers, resident(worker.pid), info["aof_current_size"])


def slope(steps: list[Step]) -> float:
    """Bytes per customer, between the first and the last of the filled steps."""
    first, last = steps[1], steps[-1]
    return (last.used - first.used) / (last.customers - first.customers)


def _population(known: list[CustomerImage], weeks: int) -> list[str]:
    count = len(known)
    record = sum(len(image.record) for image in known) / count
    orders = sum(len(image.orders or b"") for image in known) / count
    number = sum(len(image.decisions) for image in known) / count
    decisions = sum(len(body) for image in known for body in image.decisions) / count
    return [
        f"Customers are those of *The Complete Journey* after {weeks} weeks: a record of {record:,.0f} bytes, an order "
        f"book of {orders:,.0f}, {number:.0f} recent decisions of {decisions:,.0f} bytes in all, a timer each."
    ]


def _store(steps: list[Step], version: str) -> list[str]:
    lines = [
        f"| customers in {version} | used_memory, MB | bytes per customer | " + " | ".join(PARTS) + " |",
        "|---|---|---|" + "---|" * len(PARTS),
    ]
    for step in steps[1:]:
        parts = " | ".join(f"{step.parts[part] / step.customers:,.0f}" for part in PARTS)
        each = (step.used - steps[0].used) / step.customers
        lines.append(f"| {step.customers:,} | {step.used / _MB:,.0f} | {each:,.0f} | {parts} |")
    return [*lines, "", f"Slope between the first and the last step: {slope(steps):,.0f} bytes per customer."]


def _worker(workers: list[Worker], hand: float) -> list[str]:
    lines = [
        "| a worker with four lanes, after | customers | resident, MB | append-only file, bytes per event |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one.events:,} events | {one.customers:,} | {one.resident / _MB:,.0f} | {one.appended / one.events:,.0f} |"
        for one in workers
    ]
    return [
        *lines,
        "",
        f"A customer in a lane's hand takes {hand:,.0f} bytes, and a lane has {MOST:,} in hand at most: "
        f"{hand * MOST / _MB:,.0f} MB per lane, whatever the number of customers.",
    ]


def _needs(steps: list[Step]) -> list[str]:
    """From the slope. A server that rewrites its append-only file copies the pages that change meanwhile."""
    each = slope(steps)
    lines = ["| customers | Redis, GB | and half as much again, GB | nodes of 64 GB |", "|---|---|---|---|"]
    for customers in (1_000_000, 10_000_000, 100_000_000):
        plain = each * customers / _GB
        lines.append(f"| {customers:,} | {plain:,.1f} | {plain * 1.5:,.1f} | {-int(-plain * 1.5 // 64)} |")
    return lines


if __name__ == "__main__":
    main()
