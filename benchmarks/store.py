"""What a record costs in the store: one commit and one load of a batch, beside plain SETs in the same run.

    python -m benchmarks.store [--records 500] [--rounds 60] [--durability always|everysec] [--url redis://...]

A batch is like those of the replay: records of 900 bytes, an order book for every tenth customer, a timer for
each, outbox entries and decisions for every third. Times are medians, per record; ``client`` is this process'
own time, which is what the worker's loop has to give.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import shake_128
from pathlib import Path
from statistics import median

from infra.embedded import EmbeddedStore
from infra.store import MemoryStore, RedisStore
from schemas.lane import Commit, OutboxEntry

P = 0
PLAIN = "plain pipeline of SETs"
Step = Callable[[int], Awaitable[None]]


class Batch:
    """The same customers in every round, with other contents."""

    def __init__(self, records: int) -> None:
        self.customers = [f"household-{n:06}" for n in range(records)]
        self.others = [f"visitor-{n:06}" for n in range(records // 10)]
        self._sequence = 0

    def commit(self, number: int) -> Commit:
        """The batch of this round; its outbox goes on where the last one ended, which is published by now."""
        published, third = self._sequence, self.customers[::3]
        self._sequence += len(third)
        return Commit(
            state=_filler(2_000, number),
            records={name: _filler(900, number + n) for n, name in enumerate(self.customers)},
            orders={name: _filler(300, number + n) for n, name in enumerate(self.customers[::10])},
            timers={name: number * 1_000 + n for n, name in enumerate(self.customers)},
            decisions={name: [_filler(250, n)] for n, name in enumerate(third)},
            outbox=[_entry(published + 1 + n, name) for n, name in enumerate(third)],
            published=published,
        )


def _filler(length: int, number: int) -> bytes:
    return shake_128(number.to_bytes(8, "big")).digest(length)


def _entry(sequence: int, customer: str) -> OutboxEntry:
    return OutboxEntry(sequence, "tend.decisions", P, customer.encode(), _filler(400, sequence))


class LaneSteps:
    """Commit and load of one lane."""

    def __init__(self, store: RedisStore | MemoryStore, batch: Batch) -> None:
        self._store = store
        self._batch = batch
        self._version = 0
        self.next = Commit(b"")

    async def claim(self) -> None:
        """Take the lane over."""
        self._version = (await self._store.claim(P)).version

    async def commit(self, number: int) -> None:
        """Commit the batch that lies ready."""
        self._version = await self._store.commit(P, self._version, self.next)

    async def load(self, number: int) -> None:
        """Load all customers, and a tenth as many that fall due."""
        customers = self._batch.customers
        await self._store.load(P, customers, customers[::10], 2**52, len(customers) // 10)


def plain_sets(store: RedisStore, steps: LaneSteps) -> Step:
    """The records alone, without any promise."""

    async def write(number: int) -> None:
        async with store.client.pipeline(transaction=False) as pipeline:
            for name, record in steps.next.records.items():
                pipeline.set(f"plain:{name}", record)
            await pipeline.execute()

    return write


def plain_gets(store: RedisStore, batch: Batch) -> Step:
    """The records alone."""
    keys = [f"plain:{name}" for name in batch.customers]

    async def read(number: int) -> None:
        await store.client.mget(keys)

    return read


async def measure(store: RedisStore, records: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of a batch, on the wall and in this process, by name of step."""
    batch, memory_batch = Batch(records), Batch(records)
    lane, memory = LaneSteps(store, batch), LaneSteps(MemoryStore(), memory_batch)
    await lane.claim()
    await memory.claim()
    steps: dict[str, Step] = {
        "commit": lane.commit,
        PLAIN: plain_sets(store, lane),
        "load": lane.load,
        "plain MGET": plain_gets(store, batch),
        "commit in memory": memory.commit,
        "load in memory": memory.load,
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for number in range(rounds + 3):
        lane.next, memory.next = batch.commit(number), memory_batch.commit(number)
        for name, step in steps.items():
            wall, own = time.perf_counter(), time.process_time()
            await step(number)
            times[name].append((time.perf_counter() - wall, time.process_time() - own))
    print(f"{records} records a batch, {lane.next.size:,} bytes a commit, {rounds} rounds")
    return {name: (median(w for w, _ in t[3:]), median(c for _, c in t[3:])) for name, t in times.items()}


def show(found: dict[str, tuple[float, float]], records: int) -> None:
    """One line a step."""
    reference = found[PLAIN][0]
    print(f"{'':26}{'wall µs/record':>16}{'client µs/record':>18}{'of plain SETs':>15}")
    for name, (wall, own) in found.items():
        print(f"{name:26}{wall / records * 1e6:16.2f}{own / records * 1e6:18.2f}{wall / reference:15.2f}")


@contextmanager
def server(url: str, durability: str) -> Iterator[str]:
    """The server at the address, or an embedded one."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as directory:
        always = durability == "always"
        with EmbeddedStore(Path(directory), "always" if always else "everysec") as embedded:
            yield embedded.url


async def run(url: str, records: int, rounds: int) -> None:
    """Measure on this server, and leave nothing there."""
    async with RedisStore(url) as store:
        await store.wipe()
        show(await measure(store, records, rounds), records)
        await store.wipe()
        await store.client.delete(*(f"plain:{name}" for name in Batch(records).customers))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--durability", choices=["always", "everysec"], default="always")
    parser.add_argument("--url", default="", help="a server that may be wiped of tend:* keys; else an embedded one")
    chosen = parser.parse_args()
    with server(chosen.url, chosen.durability) as url:
        asyncio.run(run(url, chosen.records, chosen.rounds))


if __name__ == "__main__":
    main()
