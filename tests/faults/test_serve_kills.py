"""One machine's whole installation is killed at random while events come in: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from confluent_kafka import KafkaError, Message, Producer

from agents.embedded import CONFIG
from agents.store_queries import StoreQueries
from infra.settings import load_settings
from schemas.ids import partition_of
from schemas.times import to_millis, to_rfc3339
from schemas.topics import ORDERS

KILLS = int(os.environ.get("TEND_SERVE_KILLS", "3"))
"""`TEND_SERVE_KILLS=30` for the long run."""
_START_SECONDS, _CATCH_UP_SECONDS = 300.0, 300.0


class Served:
    """``tend serve --embedded`` as a process of its own, with its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder.parent / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            command = [sys.executable, "-u", "-m", "agents.cli", "serve", "--embedded", "--data", str(self.folder)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while b"ready:" not in self._log.read_bytes()[before:]:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)

    def settings(self) -> dict[str, object]:
        return tomllib.loads((self.folder / CONFIG).read_text())


class Shop(threading.Thread):
    """Sends an order of a new customer every few milliseconds, and remembers which were acknowledged."""

    def __init__(self, brokers: str, partitions: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: set[str] = set()
        self.sent = 0
        self._partitions = partitions
        self._ended = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 300_000,
                "log_level": 0,
            }
        )

    def run(self) -> None:
        while not self._ended.is_set():
            who = f"c-{self.sent}"
            self.sent += 1
            partition = partition_of(who, self._partitions)
            self._producer.produce(ORDERS, order_of(who), who.encode(), partition, on_delivery=self._delivered)
            self._producer.poll(0)
            time.sleep(0.01)
        self._producer.flush(120)

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _delivered(self, problem: KafkaError | None, message: Message) -> None:
        if problem is None:
            self.acknowledged.add((message.key() or b"").decode())


def order_of(who: str, name: str = "one") -> bytes:
    """An order of now, as the shop tells it."""
    now = to_rfc3339(to_millis(datetime.now(UTC)))
    return orjson.dumps(
        {"id": f"e-{who}-{name}", "type": "order.placed", "customer": who, "time": now, "order_id": f"o-{who}-{name}",
         "amount": 1000, "currency": "EUR"}
    )  # fmt: skip


async def _known(settings: dict[str, object]) -> set[str]:
    queries = StoreQueries(load_settings(settings))
    try:
        return {record.id async for record, _ in queries.all() if record.purchases.count == 1}
    finally:
        await queries.close()


@pytest.mark.faults
@pytest.mark.timeout(600 + KILLS * 180)
def test_nothing_that_was_acknowledged_is_lost_when_all_of_it_is_killed(tmp_path: Path) -> None:
    dice = random.Random(KILLS)
    served = Served(tmp_path / "shop")
    served.start()
    settings = served.settings()
    shop = Shop(str(settings["brokers"]), int(str(settings["partitions"])))
    shop.start()
    try:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.5, 5.0))
            served.kill()
            served.start()
            assert served.settings() == settings, "clients keep their addresses"
        shop.end()
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while missing := shop.acknowledged - asyncio.run(_known(settings)):
            assert time.monotonic() < deadline, f"{len(missing)} of {len(shop.acknowledged)} are missing"
            time.sleep(1.0)
    finally:
        shop.end()
        served.end()

    assert len(shop.acknowledged) > KILLS
    print(f"{KILLS} kills, {shop.sent} sent, {len(shop.acknowledged)} acknowledged, all of them in the records")  # noqa: T201  # told with -s
