"""What a snapshot and a restore cost: seconds and bytes, beside bare reading and bare writing of the same data.

    python -m benchmarks.snapshot [--customers 100000] [--weeks 12] [--households 120] [--redis URL] [--write]

The store holds customers as the engine leaves them (``benchmarks.population``). Bare reading is HSCAN and ZSCAN over
the same keys without any promise and without a file; bare writing is HSET and ZADD of as many fields at a time; both in
the same process and run. Then what a worker feels: a commit of 200 customers beside a copy, and without one.
``--write`` puts the tables into docs/snapshot.md.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, cast

from agents.recovery.restore import write_lane
from benchmarks.population import LANES, lived, settle, under_new_ids
from benchmarks.running import cpu
from infra.embedded import EmbeddedStore
from infra.snapshot import Head, LaneWriter, read_customers, read_head, read_outbox
from infra.store import CustomerImage, RedisStore
from infra.store.keys import lane_keys
from schemas.lane import Commit

PAGE = Path("docs/snapshot.md")
_COUNT = 200
_MEASURED = "## Measured"


class Cost(NamedTuple):
    """Of one thing done with all customers."""

    seconds: float
    cpu: float
    """Seconds of CPU of this process."""
    server: float
    """Seconds of CPU of the server; 0 where it is not ours."""


class Clock:
    """Measures one thing."""

    def __init__(self, server: int | None) -> None:
        self._server = server
        self._began = (time.perf_counter(), time.process_time(), cpu(server) if server else 0.0)

    def cost(self) -> Cost:
        """Since it was made."""
        wall, own, server = self._began
        spent = cpu(self._server) - server if self._server else 0.0
        return Cost(time.perf_counter() - wall, time.process_time() - own, spent)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--households", type=int, default=120)
    parser.add_argument("--redis", default="", help="a server that may be wiped of tend:* keys; else an embedded one")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    told = parser.parse_args()
    with server(told.redis) as (url, process):
        lines = asyncio.run(measured(url, process, told.customers, told.weeks, told.households))
    print("\n".join(lines))
    if told.write:
        written, _, _ = PAGE.read_text(encoding="utf-8").partition(_MEASURED)
        ran = f"--customers {told.customers} --weeks {told.weeks} --households {told.households}"
        made = f"Made by `python -m benchmarks.snapshot {ran} --write`."
        PAGE.write_text("\n".join([written + _MEASURED, "", made, "", *lines, ""]), encoding="utf-8")


@contextmanager
def server(url: str) -> Iterator[tuple[str, int | None]]:
    """The server at the address, or an embedded one, which keeps its file as in service."""
    if url:
        yield url, None
        return
    with tempfile.TemporaryDirectory() as directory, EmbeddedStore(Path(directory), "everysec") as store:
        yield store.url, store.pid


async def measured(url: str, process: int | None, customers: int, weeks: int, households: int) -> list[str]:
    """The tables."""
    known = lived(weeks, households)
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        async with RedisStore(url) as store:
            await store.wipe()
            await settle(store, under_new_ids(known, 0, customers))
            clock = Clock(process)
            async for _ in _bare_reading(store):
                pass
            bare = clock.cost()
            clock = Clock(process)
            await _snapshot(store, folder)
            snapshot = clock.cost()
            felt = await _felt(store)
            await store.wipe()
            clock = Clock(process)
            await _restore(store, folder)
            restore = clock.cost()
            rows = [row async for row in _bare_reading(store)]
            await store.wipe()
            clock = Clock(process)
            await _bare_writing(store, rows)
            writing = clock.cost()
            await store.wipe()
        size = _size(known, folder) / len(known)
    return [
        *_costs(customers, {"bare reading": bare, "snapshot": snapshot, "bare writing": writing, "restore": restore}),
        "",
        f"Its files take {size:,.0f} bytes per customer, or as many MB per million ({len(known)} households).",
        "",
        *felt,
    ]


Row = tuple[str, str, dict[bytes, bytes] | list[tuple[bytes, float]]]


async def _bare_reading(store: RedisStore) -> AsyncIterator[Row]:
    """All that lies under the lanes' keys, a step at a time."""
    client = store.client
    for lane in range(LANES):
        keys = lane_keys(lane)
        for key in (keys.customers, keys.orders, keys.decisions):
            cursor = -1
            while cursor != 0:
                cursor, found = await cast("Awaitable[Any]", client.hscan(key, max(cursor, 0), count=_COUNT))
                yield "hash", key, found
        cursor = -1
        while cursor != 0:
            cursor, found = await cast("Awaitable[Any]", client.zscan(keys.timers, max(cursor, 0), count=_COUNT))
            yield "sorted set", keys.timers, found


async def _bare_writing(store: RedisStore, rows: list[Row]) -> None:
    for kind, key, found in rows:
        if not found:
            continue
        if kind == "hash":
            await cast("Awaitable[Any]", store.client.hset(key, mapping=cast("dict[Any, Any]", found)))
        else:
            await cast("Awaitable[Any]", store.client.zadd(key, dict(cast("list[tuple[Any, float]]", found))))


def _size(known: list[CustomerImage], folder: Path) -> int:
    """Bytes of a file with each household once: what comes again under other ids takes too little room."""
    with LaneWriter(folder / "once", Head(0, b"", {}), []) as writer:
        for image in known:
            writer.add([image])
        writer.finish()
    return (folder / "once").stat().st_size


async def _snapshot(store: RedisStore, folder: Path) -> None:
    for lane in range(LANES):
        copy = await store.copy(lane)
        path = folder / f"lane-{lane}"
        with LaneWriter(path, Head(lane, copy.state, {}), copy.outbox) as writer:
            async for images in copy.customers:
                writer.add(images)
            writer.finish()


async def _restore(store: RedisStore, folder: Path) -> None:
    for lane in range(LANES):
        path = folder / f"lane-{lane}"
        state = read_head(path).state
        assert state is not None
        await write_lane(store, lane, state, read_outbox(path), read_customers(path))


async def _felt(store: RedisStore) -> list[str]:
    """How long a commit takes that changes customers whom a copy still needs, beside one without a copy."""
    version = (await store.claim(0)).version
    state = (await store.lane(0) or (0, b""))[1] or b""
    rows = [row async for row in store.scan(0)]
    times: dict[str, list[float]] = {"alone": [], "while the lane is copied": []}

    async def commits(name: str) -> None:
        nonlocal version
        for start in range(0, len(rows) - 200, 200):
            commit = Commit(state, {who: record for who, record, _ in rows[start : start + 200]})
            began = time.perf_counter()
            version = await store.commit(0, version, commit)
            times[name].append(time.perf_counter() - began)

    async def read() -> None:
        async for _ in (await store.copy(0)).customers:
            await asyncio.sleep(0)

    await commits("alone")
    await asyncio.gather(read(), commits("while the lane is copied"))
    alone = median(times["alone"])
    lines = ["| a commit of 200 customers | ms, median | of one alone | slowest, ms |", "|---|---|---|---|"]
    return lines + [
        f"| {name} | {median(took) * 1e3:.1f} | {median(took) / alone:.2f} | {max(took) * 1e3:.1f} |"
        for name, took in times.items()
    ]


def _costs(customers: int, costs: dict[str, Cost]) -> list[str]:
    """The clock counts what else the machine had to do; CPU, of this process and of the server, does not."""
    lines = [
        f"| {customers:,} customers | s | of the bare one | CPU, s | server's CPU, s | CPU of both, s per million "
        "| of the bare one |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cost in costs.items():
        bare = costs["bare reading" if name in ("bare reading", "snapshot") else "bare writing"]
        both = cost.cpu + cost.server
        lines.append(
            f"| {name} | {cost.seconds:.1f} | {cost.seconds / bare.seconds:.2f} | {cost.cpu:.1f} | {cost.server:.1f} "
            f"| {both / customers * 1e6:.0f} | {both / (bare.cpu + bare.server):.2f} |"
        )
    return lines


if __name__ == "__main__":
    main()
