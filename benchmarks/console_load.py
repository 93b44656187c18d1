"""The console with 100 open pages beside an engine at a steady rate: ``python -m benchmarks.console_load [--write]``.

Phases take turns in one run: without a console, with one that 100 pages are open at while somebody walks through all of
them, and beside a neighbour: a process that counts and does nothing else, as long as console and keeper were busy. What
the worker pays beside the neighbour is the price of a busy machine; what it pays beyond is the console's.

Events are of this moment, so nothing but the engine itself is measured. Told are the time of a page from asking to its
last byte, the time between two messages of an open page (it is told once a second at most), and the worker's seconds of
CPU for each event.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
import orjson
import psutil

from agents.clock import wall_clock
from agents.installation import Installation
from benchmarks.page import put, spread
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from schemas.ids import partition_of
from schemas.times import to_rfc3339
from schemas.topics import EVENT_TOPICS, TOPIC_OF

PARTITIONS: Final = 4
CUSTOMERS: Final = 5_000
OPEN: Final = 100
PEOPLE: Final = 10
"""People who have signed in; the open pages are divided among them."""
STREAMS: Final = ("/live/now", "/live/desk", "/live/rules", "/live/customers", "/live/customers/c-{n}")
PAGES: Final = ("/", "/care", "/customers", "/customers/c-{n}", "/desk", "/rules", "/letters")
SLICES: Final = 20
"""Slices that a second is cut into; each sends its share of the events."""
SETTLE_SECONDS: Final = 12.0


class Phase(NamedTuple):
    """What one phase came to."""

    cpu_per_event: float
    """Microseconds of the worker."""
    pages: list[tuple[str, float]]
    """Each page with its milliseconds; of one that had not come at the end, how long it had been waited for."""
    told: list[float]
    """Milliseconds between one message that an open page got and the next."""
    waiting: int
    """Events that no lane had handled at its end."""
    beside: float
    """Processors that console and keeper, or the neighbour, kept busy."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=3_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each phase is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    told = parser.parse_args()
    lines = table(told.rate, *measured(told.rate, told.seconds, told.rounds))
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.console_load --rate {told.rate} --seconds {told.seconds:g} --write`."
        put("console", [made, "", *lines], Path(__file__).parents[1] / "docs" / "benchmarks.md")


def measured(rate: int, seconds: float, rounds: int) -> tuple[list[Phase], list[Phase], list[Phase]]:
    """The phases without a console, with one, and with a neighbour, taking turns."""
    without: list[Phase] = []
    beside: list[Phase] = []
    neighbours: list[Phase] = []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        broker = running.enter_context(EmbeddedBroker(Path(directory)))
        store = running.enter_context(EmbeddedStore(Path(directory), "everysec"))
        settings = load_settings(
            {
                "brokers": broker.address, "redis_url": store.url, "partitions": PARTITIONS,
                "data_dir": Path(directory), "console_port": 0, "group": f"load-{uuid4().hex[:8]}",
            }
        )  # fmt: skip
        installation = Installation(settings, Path(directory))
        installation.make_topics()
        running.callback(installation.stop)
        installation.add_worker()
        load = Load(installation, rate)
        asyncio.run(load.run(SETTLE_SECONDS))
        for number in range(rounds):
            without.append(asyncio.run(phase(load, seconds, "")))
            door = installation.start_console()
            assert installation.console is not None
            beside.append(asyncio.run(phase(load, seconds, door, installation.console.pid)))
            installation.console.stop()
            with neighbour(beside[-1].beside) as pid:
                neighbours.append(asyncio.run(phase(load, seconds, "", pid)))
            costs = [round(phases[-1].cpu_per_event) for phases in (without, beside, neighbours)]
            print(f"round {number + 1}: {costs[0]} us without, {costs[1]} with, {costs[2]} neighbour", flush=True)
    return without, beside, neighbours


@contextmanager
def neighbour(share: float) -> Iterator[int]:
    """A process that counts for this share of the time; its id."""
    process = subprocess.Popen([sys.executable, "-c", _COUNTS, str(share)])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


_COUNTS: Final = """
import sys, time
share = float(sys.argv[1])
while True:
    end = time.monotonic() + 0.05 * share
    while time.monotonic() < end:
        pass
    time.sleep(max(0.05 * (1 - share), 0.001))
"""


class Load:
    """Sends events of this moment at a steady rate."""

    def __init__(self, installation: Installation, rate: int) -> None:
        self.installation, self._rate = installation, rate
        self._producer = BulkProducer(installation.connection)
        self._dice = random.Random(7)
        self._worker = psutil.Process(installation.workers[0].pid)

    async def run(self, seconds: float) -> int:
        """Send for so long; how many were sent."""
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            for _ in range(min(int(self._rate * passed) - sent, self._rate)):
                self._send()
                sent += 1
            await asyncio.sleep(1 / SLICES)
        await asyncio.to_thread(self._producer.flush)
        return sent

    def cpu(self) -> float:
        """Seconds of CPU that the worker has used."""
        return cpu_of(self._worker)

    def waiting(self) -> int:
        """Events that no lane has handled yet."""
        ends = Topics(self.installation.connection).end_offsets(EVENT_TOPICS)
        return max(sum(sum(one) for one in ends.values()) - self.handled(), 0)

    def handled(self) -> int:
        """Events that lanes have handled."""
        states = asyncio.run(self.installation.states())
        return sum(sum(state.offsets.get(topic, 0) for topic in EVENT_TOPICS) for state in states if state)

    def _send(self) -> None:
        customer, dice = f"c-{self._dice.randrange(CUSTOMERS)}", self._dice
        kind = dice.choices(*_MIX)[0]
        moment = wall_clock()
        event: dict[str, Any] = {
            "id": f"{dice.getrandbits(96):x}",
            "type": kind,
            "customer": customer,
            "time": to_rfc3339(moment),
        }
        event |= _FIELDS[kind](dice)
        partition = partition_of(customer, PARTITIONS)
        self._producer.send(TOPIC_OF[kind], partition, customer.encode(), orjson.dumps(event), moment)


def cpu_of(process: psutil.Process) -> float:
    """Seconds of CPU that a process and its children have used."""
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


_MIX: Final = (("product.viewed", "cart.item_added", "order.placed", "complaint.opened"), (84, 10, 5.9, 0.1))
_FIELDS: Final[Mapping[str, Callable[[random.Random], dict[str, Any]]]] = {
    "product.viewed": lambda dice: {"sku": f"s-{dice.randrange(900)}", "category": "books"},
    "cart.item_added": lambda dice: {
        "cart_id": f"k-{dice.randrange(9_000)}", "sku": f"s-{dice.randrange(900)}", "price": 1_250, "currency": "EUR",
        "quantity": 1,
    },
    "order.placed": lambda dice: {"order_id": f"o-{dice.getrandbits(64):x}", "amount": 4_200, "currency": "EUR"},
    "complaint.opened": lambda dice: {"complaint_id": f"p-{dice.getrandbits(64):x}", "category": "delivery"},
}  # fmt: skip


async def phase(load: Load, seconds: float, door: str, other: int | None = None) -> Phase:
    """One phase: the load alone, or with open pages and somebody who walks through all of them.

    Args:
        other: the process that runs beside the worker.
    """
    process = psutil.Process(other) if other else None
    pages: list[tuple[str, float]] = []
    told: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        beside = await _visitors(http, door, pages, told) if door else []
        await load.run(SETTLE_SECONDS)
        pages.clear()
        told.clear()
        first = await asyncio.to_thread(load.handled)
        before, busy = load.cpu(), cpu_of(process) if process else 0.0
        await load.run(seconds)
        handled = await asyncio.to_thread(load.handled) - first
        used, busy = load.cpu() - before, cpu_of(process) - busy if process else 0.0
        for one in beside:
            one.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    waiting = await asyncio.to_thread(load.waiting)
    return Phase(used / max(handled, 1) * 1e6, list(pages), list(told), waiting, busy / seconds)


async def _visitors(
    http: aiohttp.ClientSession, door: str, pages: list[tuple[str, float]], told: list[float]
) -> list[asyncio.Task[None]]:
    at = door.split("/sign-in")[0]
    cookies = [await _signed_in(http, door, f"person{number}") for number in range(PEOPLE)]
    open_at = [STREAMS[n % len(STREAMS)].format(n=n) for n in range(OPEN)]
    watching = [
        asyncio.create_task(_watch(http, at + path, cookies[n % PEOPLE], told)) for n, path in enumerate(open_at)
    ]
    return [*watching, asyncio.create_task(_walk(http, at, cookies[0], pages))]


async def _signed_in(http: aiohttp.ClientSession, door: str, name: str) -> str:
    parts = urlsplit(door)
    form = {"name": name, "token": parse_qs(parts.query)["token"][0]}
    async with http.post(f"{parts.scheme}://{parts.netloc}/sign-in", data=form, allow_redirects=False) as answer:
        found = re.search(r"tend-session=([^;]+)", answer.headers["set-cookie"])
        assert found, "the console lets nobody in"
        return found[1]


async def _watch(http: aiohttp.ClientSession, url: str, cookie: str, told: list[float]) -> None:
    """An open page: its stream is read as long as it lasts, and asked for again when it ends."""
    last = time.monotonic()
    while True:
        async with http.get(url, headers=_cookie(cookie), timeout=aiohttp.ClientTimeout(total=None)) as answer:
            async for line in answer.content:
                if line.startswith(b"data:"):
                    now = time.monotonic()
                    told.append((now - last) * 1e3)
                    last = now
        await asyncio.sleep(1)


async def _walk(http: aiohttp.ClientSession, at: str, cookie: str, pages: list[tuple[str, float]]) -> None:
    """Somebody who opens one page after the other, five a second."""
    number = 0
    while True:
        began = time.monotonic()
        page = PAGES[number % len(PAGES)]
        try:
            async with http.get(at + page.format(n=number % CUSTOMERS), headers=_cookie(cookie)) as answer:
                await answer.read()
        finally:
            pages.append((page, (time.monotonic() - began) * 1e3))
        number += 1
        await asyncio.sleep(max(0.2 - (time.monotonic() - began), 0))


def _cookie(cookie: str) -> dict[str, str]:
    return {"cookie": f"tend-session={cookie}"}


def table(rate: int, without: Sequence[Phase], beside: Sequence[Phase], neighbours: Sequence[Phase]) -> list[str]:
    """The figures as lines of Markdown."""
    every = [one for phase in beside for one in phase.pages]
    pages = [took for _, took in every]
    by_page = {page: median(took for at, took in every if at == page) for page, _ in every}
    cuts = quantiles(pages, n=100) if len(pages) > 1 else [0.0] * 99
    told = [gap for phase in beside for gap in phase.told]
    gaps = quantiles(told, n=100) if len(told) > 1 else [0.0] * 99
    alone, with_it, near = ([one.cpu_per_event for one in phases] for phases in (without, beside, neighbours))
    ratios, near_ratios = ([b / a for a, b in zip(alone, some, strict=True)] for some in (with_it, near))
    return [
        "| what | figure |",
        "|---|---|",
        f"| events a second, asked for | {rate:,} |",
        f"| open pages | {OPEN} of {PEOPLE} people, {len(told):,} messages |",
        f"| between two messages of an open page, p50 and p99 | {gaps[49] / 1e3:.1f} s, {gaps[98] / 1e3:.1f} s |",
        f"| a page, p50 and p99 over {len(pages):,} | {median(pages):.0f} ms, {cuts[98]:.0f} ms |",
        f"| each page, p50 | {', '.join(f'`{page}` {took:.0f} ms' for page, took in by_page.items())} |",
        f"| worker's CPU for an event without | {spread(alone)} us |",
        f"| worker's CPU for an event with | {spread(with_it)} us |",
        f"| with to without, in each round | {spread(ratios)} |",
        f"| processors that console and keeper kept busy | {spread([one.beside for one in beside])} |",
        f"| beside a neighbour that counts as long, to without | {spread(near_ratios)} |",
        f"| events waiting at the end of a phase | {', '.join(f'{one.waiting:,}' for one in (*without, *beside))} |",
    ]


if __name__ == "__main__":
    main()
