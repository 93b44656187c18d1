"""What lanes cost that have nothing to do: CPU, threads and memory of one worker, and what it costs its servers.

    python -m benchmarks.idle [--seconds 20] [--write]

All lanes of a worker read ahead through one client, and each looks for due timers twice a second, so a worker with many
lanes is never quite still. How often an empty fetch is asked for again is ``TEND_FETCH_WAIT_MS``. ``--write`` puts the
table into docs/scaling.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

from agents.installation import Installation
from benchmarks.page import put
from benchmarks.running import cpu, until_ready
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.settings import load_settings

PAGE = Path("docs/scaling.md")
LANES = (4, 16, 64)
WAITS = (50, 500)
_SETTLED_SECONDS = 10.0
"""What a worker does after its start, and a broker after making topics, is over by then."""


class Seen(NamedTuple):
    """One worker at rest; CPU in parts of one core."""

    worker: float
    broker: float
    store: float
    threads: int
    resident: float
    """MB."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    told = parser.parse_args()
    lines = [
        "| lanes | `TEND_FETCH_WAIT_MS` | CPU of the worker | of the broker | of the store | threads | resident, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for lanes in LANES:
        for wait in WAITS:
            seen = at_rest(lanes, wait, told.seconds)
            shares = " | ".join(f"{share:.1%}" for share in (seen.worker, seen.broker, seen.store))
            lines.append(f"| {lanes} | {wait} | {shares} | {seen.threads} | {seen.resident:,.0f} |")
            print(lines[-1], flush=True)
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.idle --seconds {told.seconds} --write`."
        put("idle", [made, "", *lines], PAGE)


def at_rest(lanes: int, wait: int, seconds: int) -> Seen:
    """A worker with so many lanes and no event."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        home = Path(directory)
        broker = running.enter_context(EmbeddedBroker(home / "broker", optimised=True))
        brokers = {child.pid for child in psutil.Process().children()}
        store = running.enter_context(EmbeddedStore(home / "store", "everysec"))
        chosen = {
            "brokers": broker.address,
            "redis_url": store.url,
            "partitions": lanes,
            "fetch_wait_ms": wait,
            "data_dir": directory,
        }
        installation = Installation(load_settings(chosen), home)
        installation.make_topics()
        running.callback(installation.stop)
        installation.learner.start()
        worker = installation.add_worker()
        until_ready(installation)
        time.sleep(_SETTLED_SECONDS)

        def spent() -> tuple[float, ...]:
            return cpu(worker.pid), sum(map(cpu, brokers)), cpu(store.pid)

        before, began = spent(), time.perf_counter()
        time.sleep(seconds)
        took = time.perf_counter() - began
        of_worker, of_broker, of_store = ((now - then) / took for now, then in zip(spent(), before, strict=True))
        process = psutil.Process(worker.pid)
        resident = process.memory_info().rss / 1e6
        return Seen(of_worker, of_broker, of_store, process.num_threads(), resident)


if __name__ == "__main__":
    main()
