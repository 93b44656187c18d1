"""From the laptop to service: a folder's log, records and keys go on at other servers, as docs/service.md says."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.installation import Installation
from agents.store_queries import StoreQueries
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.store import EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings, load_settings
from schemas.ids import partition_of
from schemas.topics import ACTION_TOPICS, ORDERS
from tests.faults.test_serve_kills import Served, order_of
from tests.shell import tend

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

CUSTOMERS = [f"c-{number}" for number in range(20)]
_SECONDS = 120.0


def test_a_folder_moves_to_other_servers_and_goes_on_where_it_stood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = Served(tmp_path / "shop")
    served.start()
    kept = load_settings(served.settings())
    try:
        _order(kept, CUSTOMERS, "first")
        _until(lambda: _counts(kept) == dict.fromkeys(CUSTOMERS, 1))
        said = tend("snapshot", str(tmp_path / "backup"), environment={"TEND_CONFIG": str(served.folder / "tend.toml")})
        assert said.status == 0, said.err
        acted = _actions(kept)
    finally:
        served.end()

    monkeypatch.setenv("TEND_ALMANAC_KEY", (served.folder / "installation.key").read_text().strip())
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(served.folder / "kafka", elsewhere / "kafka")
    with ExitStack() as running:
        broker = running.enter_context(EmbeddedBroker(elsewhere))
        store = running.enter_context(EmbeddedStore(elsewhere))
        moved = {"brokers": broker.address, "redis_url": store.url, "partitions": kept.partitions}
        settings = load_settings({**moved, "data_dir": str(elsewhere)})
        environment = {f"TEND_{name.upper()}": str(value) for name, value in moved.items()}
        said = tend("restore", str(tmp_path / "backup"), environment=environment)
        assert said.status == 0, said.err
        installation = Installation(settings, elsewhere)
        running.callback(installation.stop)
        installation.learner.start()
        installation.add_worker()
        _order(settings, CUSTOMERS[:5], "second")
        expected = {who: 2 if who in CUSTOMERS[:5] else 1 for who in CUSTOMERS}
        _until(lambda: _counts(settings) == expected)

        assert _actions(settings)[: len(acted)] == acted, "what had gone out before is there, and nothing of it twice"
        assert len(set(_actions(settings))) == len(_actions(settings))


def _order(settings: Settings, customers: Iterable[str], name: str) -> None:
    producer = Producer({"bootstrap.servers": settings.brokers, "acks": "all"})
    for who in customers:
        body = order_of(who, name)
        producer.produce(ORDERS, body, who.encode(), partition_of(who, settings.partitions))
    assert producer.flush(_SECONDS) == 0


def _counts(settings: Settings) -> Mapping[str, int]:
    async def ask() -> dict[str, int]:
        queries = StoreQueries(settings)
        try:
            return {record.id: record.purchases.count async for record, _ in queries.all()}
        finally:
            await queries.close()

    return asyncio.run(ask())


def _actions(settings: Settings) -> list[Any]:
    with PartitionLog(KafkaConnection.of(settings)) as log:
        return sorted(
            (topic, raw.key, raw.value)
            for topic in ACTION_TOPICS.values()
            for partition in range(settings.partitions)
            for raw in log.read(topic, partition, 0)
        )


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.5)
