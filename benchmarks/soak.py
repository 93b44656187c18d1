"""A worker at a steady pace for as long as is wanted: what it holds, and whether that grows; draws docs/soak.svg.

    python -m benchmarks.soak [--minutes 60] [--pace 300] [--customers 20000] [--write]

Customers are those of ``benchmarks.population``, with order books, recent decisions and the weekly look as the next
timer, spread over the time of the run; broker, store, learner and worker share the machine. Each few seconds the memory
and descriptors of the worker and of the learner, the store's memory, the lag of the lanes and the CPU of the worker are
told. What grows is told by a straight line through the second half, where caches are full.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from html import escape
from pathlib import Path
from statistics import linear_regression, median
from typing import Final, NamedTuple

import psutil
from redis import Redis

from agents.clock import wall_clock
from agents.installation import Installation, Service
from benchmarks.listening import Sender
from benchmarks.metrics import Taken
from benchmarks.page import put
from benchmarks.population import LANES, lived, settle, under_new_ids
from benchmarks.running import cpu, until_ready
from benchmarks.shop import Shop
from benchmarks.timer_store import installed, own_store
from infra.store import CustomerImage, RedisStore
from schemas.times import MINUTE

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "memory.md", DOCS / "soak.svg"
WEEKS, HOUSEHOLDS = 12, 120
EVERY_SECONDS: Final = 5.0
_MB = 1e6
_WIDTH, _PANEL, _LEFT = 760, 130, 60


class Sample(NamedTuple):
    """What was seen at one moment."""

    minute: float
    resident: float
    """MB of the worker."""
    learner: float
    """MB of the learner."""
    descriptors: float
    """Of the worker."""
    store: float
    """MB that the store says it uses."""
    lag: float
    """Records that the lanes have not handled."""
    cpu: float
    """Of the worker, in cores, since the sample before."""


class Line(NamedTuple):
    """One row of the table, and one panel of the picture."""

    name: str
    value: Callable[[Sample], float]
    digits: int = 0


LINES: Final = (
    Line("resident memory of the worker, MB", lambda one: one.resident, 1),
    Line("resident memory of the learner, MB", lambda one: one.learner, 1),
    Line("descriptors of the worker", lambda one: one.descriptors),
    Line("memory used by the store, MB", lambda one: one.store, 1),
    Line("records that wait", lambda one: one.lag),
    Line("CPU of the worker, cores", lambda one: one.cpu, 2),
)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pace", type=int, default=300, help="events a second")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} and {PICTURE.name}")
    told = parser.parse_args()
    known = lived(WEEKS, HOUSEHOLDS, until=wall_clock())
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        url = running.enter_context(own_store(Path(directory)))
        installation = running.enter_context(installed(url, Path(directory)))
        asyncio.run(_fill(url, known, told.customers, told.minutes))
        installation.add_worker()
        until_ready(installation)
        samples = soak(installation, told.customers, told.pace, told.minutes * 60.0)
    lines = table(samples)
    print("\n".join(lines))
    if told.write:
        ran = f"--minutes {told.minutes:g} --pace {told.pace} --customers {told.customers}"
        put("soak", [f"Made by `python -m benchmarks.soak {ran} --write`.", "", *lines], PAGE)
        PICTURE.write_text(draw(samples), encoding="utf-8")


async def _fill(url: str, known: list[CustomerImage], customers: int, minutes: float) -> None:
    """Customers whose weekly looks come one by one while it runs."""
    first, step = wall_clock() + MINUTE, minutes * MINUTE / customers
    async with RedisStore(url) as store:
        await settle(store, under_new_ids(known, 0, customers, lambda number: first + int(number * step)))


def soak(installation: Installation, customers: int, pace: int, seconds: float) -> list[Sample]:
    """Events at this pace, and a sample each few seconds."""
    (worker,), settings = installation.workers, installation.settings
    sender = Sender(settings.brokers, Shop([f"c-{number:08}" for number in range(customers)], LANES).make)
    sending = threading.Thread(target=sender.send, args=(pace, seconds), daemon=True)
    samples: list[Sample] = []
    with Redis.from_url(settings.redis_url) as client:
        began = before = time.monotonic()
        spent = cpu(worker.pid)
        sending.start()
        while sending.is_alive():
            time.sleep(EVERY_SECONDS)
            installation.check()
            now, used = time.monotonic(), cpu(worker.pid)
            samples.append(
                _sample((now - began) / 60, worker, installation.learner, client, (used - spent) / (now - before))
            )
            before, spent = now, used
    return samples


def _sample(minute: float, worker: Service, learner: Service, client: Redis, cores: float) -> Sample:
    process = psutil.Process(worker.pid)
    return Sample(
        minute,
        process.memory_info().rss / _MB,
        psutil.Process(learner.pid).memory_info().rss / _MB,
        process.num_fds(),
        dict(client.info("memory"))["used_memory"] / _MB,
        Taken(worker.http).total("tend_lag_records"),
        cores,
    )


def table(samples: Sequence[Sample]) -> list[str]:
    """Medians of the beginning and the end, and what an hour more would bring."""
    tenth = max(len(samples) // 10, 1)
    half = samples[len(samples) // 2 :]
    lines = ["| | first tenth | last tenth | in an hour, by the second half |", "|---|---|---|---|"]
    for name, value, digits in LINES:
        first, last = (median(map(value, some)) for some in (samples[:tenth], samples[-tenth:]))
        slope = linear_regression([one.minute for one in half], list(map(value, half))).slope * 60
        lines.append(f"| {name} | {first:,.{digits}f} | {last:,.{digits}f} | {slope:+,.{digits}f} |")
    return lines


def draw(samples: Sequence[Sample]) -> str:
    """A panel for each line."""
    height = _PANEL * len(LINES) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        'font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, line in enumerate(LINES):
        parts += _panel(line, samples, 24.0 + _PANEL * number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(line: Line, samples: Sequence[Sample], top: float) -> list[str]:
    """From nought to a little above the most, over the minutes."""
    deep, last = _PANEL - 50.0, samples[-1].minute
    most = max(*map(line.value, samples), 1e-9) * 1.1
    points = " ".join(
        f"{_LEFT + (_WIDTH - _LEFT - 10) * one.minute / last:.1f},{top + deep * (1 - line.value(one) / most):.1f}"
        for one in samples
    )
    return [
        f'<text x="{_LEFT}" y="{top - 6}" font-size="12">{escape(line.name)}</text>',
        f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{top + deep}" y2="{top + deep}" stroke="#999"/>',
        f'<polyline points="{points}" fill="none" stroke="#0b62a4" stroke-width="1.5"/>',
        f'<text x="4" y="{top + 10}">{most:,.{line.digits}f}</text><text x="4" y="{top + deep}">0</text>',
        f'<text x="{_WIDTH - 10}" y="{top + deep + 14}" text-anchor="end">{last:.0f} minutes</text>',
    ]


if __name__ == "__main__":
    main()
