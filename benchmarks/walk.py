"""The way of one order through a worker: files and named functions, room by room; ``python -m benchmarks.walk``.

A worker in service runs on the embedded servers, warmed by other customers. Then one known customer orders, and every
function of ours that is called in any thread from then on, until what follows is published, is noted. What an idle
worker calls in the same time by itself is counted beside it: reading goes on, whether something comes or not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import CodeType, FrameType
from typing import IO, Any

from agents.installation import Installation, environment_of
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.embedded.process import free_port
from infra.kafka.producers import BulkProducer
from infra.settings import load_settings

ROOT = Path(__file__).parents[1]
ROOMS = ("infra", "agents", "streams", "rules", "schemas")
WINDOW_SECONDS = 3.0
"""How long calls are noted; an order is through in a twentieth of it."""
WARM = 20
"""Customers before."""

Called = set[tuple[str, str]]
"""File and qualified name."""


class Notes:
    """Which functions of ours are called while it listens; for the worker's process."""

    def __init__(self) -> None:
        self._listens = False
        self._seen: set[CodeType] = set()

    def hook(self, frame: FrameType, event: str, argument: Any) -> None:
        """To be set as profile function in every thread."""
        if self._listens and event == "call":
            self._seen.add(frame.f_code)

    def obey(self, orders: IO[str], answers: IO[str]) -> None:
        """Listen, or tell what was heard, as the lines say."""
        for line in orders:
            self._listens = line.strip() == "listen"
            if self._listens:
                self._seen = set()
            else:
                answers.write(json.dumps(sorted(_named(self._seen))) + "\n")
                answers.flush()


def _named(seen: set[CodeType]) -> Called:
    found: Called = set()
    for code in seen:
        path = Path(code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS and not code.co_name.startswith("<"):
            found.add((str(path.relative_to(ROOT)), code.co_qualname))
    return found


def work() -> None:
    """A worker that notes its calls; it is told when over its standard input."""
    notes, answers = Notes(), sys.stdout
    sys.stdout = sys.stderr
    threading.Thread(target=notes.obey, args=(sys.stdin, answers), daemon=True).start()
    threading.setprofile(notes.hook)
    sys.setprofile(notes.hook)
    from agents.commands.worker import worker

    worker()


def measure() -> tuple[Called, Called]:
    """What an order calls, and what an idle worker calls."""
    with tempfile.TemporaryDirectory(prefix="tend-walk-") as folder, ExitStack() as running:
        home = Path(folder)
        broker = running.enter_context(EmbeddedBroker(home / "broker"))
        store = running.enter_context(EmbeddedStore(home / "store", "everysec"))
        places = {"brokers": broker.address, "redis_url": store.url, "data_dir": home}
        settings = load_settings({"partitions": 1, "clock": "wall", **places})
        installation = Installation(settings, home)
        installation.make_topics()
        http = free_port()
        environment = {**_inherited(), **environment_of(settings), "TEND_HTTP_PORT": str(http)}
        with (home / "worker.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.walk", "--worker"],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        running.callback(process.wait)
        running.callback(process.kill)
        _until_ready(http, process, home / "worker.log")
        shop = _Shop(BulkProducer(installation.connection))
        for number in range(WARM):
            shop.registers(f"warm-{number}")
            shop.orders(f"warm-{number}")
        shop.registers("anna")
        time.sleep(WINDOW_SECONDS)
        idle = _heard(process)
        order = _heard(process, lambda: shop.orders("anna"))
        return order, idle


def _heard(process: subprocess.Popen[str], happens: Any = lambda: None) -> Called:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("listen\n")
    process.stdin.flush()
    happens()
    time.sleep(WINDOW_SECONDS)
    process.stdin.write("tell\n")
    process.stdin.flush()
    return {(file, name) for file, name in json.loads(process.stdout.readline())}


class _Shop:
    """Sends events as a shop does."""

    def __init__(self, producer: BulkProducer) -> None:
        self._producer = producer
        self._number = 0

    def registers(self, customer: str) -> None:
        # Where it is about noon: at night what is decided is held, and no message is written.
        told = {
            "email": f"{customer}@example.org",
            "name": customer.title(),
            "zone": f"Etc/GMT{time.gmtime().tm_hour - 12:+d}",
        }
        self._send("storefront.customers", customer, type="customer.registered", **told)

    def orders(self, customer: str) -> None:
        self._send(
            "storefront.orders", customer, type="order.placed", order_id=f"o-{customer}", amount=2_990, currency="EUR",
            items=[{"sku": "B-4711", "quantity": 1, "price": 2_990}],
        )  # fmt: skip

    def _send(self, topic: str, customer: str, **fields: Any) -> None:
        self._number += 1
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = {"id": f"walk-{self._number}", "customer": customer, "time": now, **fields}
        self._producer.send(topic, 0, customer.encode(), json.dumps(body).encode(), int(time.time() * 1_000))
        self._producer.flush()


def _inherited() -> dict[str, str]:
    import os

    return dict(os.environ)


def _until_ready(http: int, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{http}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"the worker is not ready:\n{log.read_text()[-4_000:]}")


def table(order: Called, idle: Called) -> list[str]:
    """One row a room: files and functions of the order, and how many of them an idle worker calls too."""
    files, functions = (
        Counter(_room(file) for file in {file for file, _ in order}),
        Counter(_room(file) for file, _ in order),
    )
    beside = Counter(_room(file) for file, _ in order & idle)
    lines = ["| room | files | functions | of them called while idle |", "|---|---|---|---|"]
    lines += [f"| {room} | {files[room]} | {functions[room]} | {beside[room]} |" for room in ROOMS]
    total = [sum(one.values()) for one in (files, functions, beside)]
    return [*lines, f"| all | {total[0]} | {total[1]} | {total[2]} |"]


def _room(file: str) -> str:
    return file.split("/")[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walk", description=__doc__)
    parser.add_argument("--worker", action="store_true", help="be the worker that is looked at")
    parser.add_argument("--list", action="store_true", help="name every function")
    told = parser.parse_args()
    if told.worker:
        work()
        return
    order, idle = measure()
    print("\n".join(table(order, idle)))
    if told.list:
        print("\n".join(f"{file}: {name}" for file, name in sorted(order)))


if __name__ == "__main__":
    main()
