"""What would make promises empty is refused at the start: one message that says what was found, expected, and to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.bootstrap import open_store
from agents.catalogue import topic_specs
from agents.installation import environment_of
from infra.embedded import EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.lane import BrokerIdentity, Commit, LaneState
from schemas.topics import BROWSE, LANE_TOPICS, ORDERS
from tests.backends import delete_topics
from tests.shell import Said, tend

pytestmark = pytest.mark.timeout(120)


@dataclass
class Place:
    """A broker with topics, and a store."""

    settings: Settings

    def worker(self, **chosen: str) -> Said:
        """What a worker says that is started here."""
        return tend("worker", environment={**environment_of(self.settings), "TEND_HTTP_PORT": "0", **chosen})

    def write(self, partition: int = 0, **fields: Any) -> None:
        """Let the store hold a lane as this broker's worker would have left it, but for ``fields``."""
        asyncio.run(self._write(partition, fields))

    async def _write(self, partition: int, fields: dict[str, Any]) -> None:
        identity = Topics(KafkaConnection.of(self.settings)).identity(LANE_TOPICS)
        usual = {"offsets": dict.fromkeys(LANE_TOPICS, 0), "broker": identity, "clock": "wall"}
        state = msgspec.msgpack.encode(LaneState(**{**usual, **fields}))
        async with open_store(self.settings) as store:
            claimed = await store.claim(partition)
            await store.commit(partition, claimed.version, Commit(state))


@pytest.fixture(scope="module")
def broker_address(broker_server: str) -> str:
    """A broker with the topics of two partitions."""
    delete_topics(broker_server)
    settings = load_settings({"brokers": broker_server, "partitions": 2})
    Topics(KafkaConnection.of(settings)).create(topic_specs(settings))
    return broker_server


@pytest.fixture
def place(broker_address: str, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes a place with a fresh store, run with these settings of the server."""
    with ExitStack() as running:

        def make(**server: str) -> Place:
            store = running.enter_context(EmbeddedStore(tmp_path / "store", extra=server))
            chosen = {"brokers": broker_address, "redis_url": store.url, "partitions": 2, "data_dir": tmp_path}
            return Place(load_settings(chosen))

        yield make


Make = Callable[..., Place]


def assert_refused(said: Said, *expected: str, status: int = 2) -> None:
    assert said.status == status, said
    assert sum(line.startswith("tend: ") for line in said.err.splitlines()) == 1, said.err
    assert "Traceback" not in said.err
    for words in expected:
        assert words in said.err


def test_another_number_of_partitions(place: Make) -> None:
    said = place().worker(TEND_PARTITIONS="3")

    assert_refused(said, "storefront.orders has 2 partitions; expected 3", "set TEND_PARTITIONS=2")


def test_a_store_that_evicts(place: Make) -> None:
    said = place(**{"maxmemory-policy": "allkeys-lru"}).worker()

    assert_refused(said, "may evict customers", "expected noeviction", "CONFIG SET maxmemory-policy noeviction")


def test_a_store_without_append_only_file(place: Make) -> None:
    said = place(appendonly="no").worker()

    assert_refused(said, "keeps no append-only file", "expected yes", "CONFIG SET appendonly yes")


def test_a_store_that_belongs_to_another_broker(place: Make) -> None:
    here = place()
    here.write(broker=BrokerIdentity("another-cluster", {ORDERS: ""}))

    said = here.worker()

    assert_refused(said, "The store belongs to cluster another-cluster", "Point TEND_BROKERS at the broker")
    assert said.err.count("another-cluster") == 1


def test_a_store_of_topics_that_were_made_anew(place: Make) -> None:
    here = place()
    cluster = Topics(KafkaConnection.of(here.settings)).identity([ORDERS]).cluster
    here.write(broker=BrokerIdentity(cluster, {ORDERS: "an-id-of-before"}))

    assert_refused(here.worker(), "other topics named storefront.orders", "deleted and made anew", "an empty store")


def test_a_second_group_in_one_installation(place: Make) -> None:
    here = place()
    identity = Topics(KafkaConnection.of(here.settings)).identity(LANE_TOPICS)
    here.write(broker=msgspec.structs.replace(identity, group="the-first"))

    assert_refused(here.worker(), "belongs to the workers' group the-first", "Set TEND_GROUP=the-first")


def test_a_store_written_by_another_clock(place: Make) -> None:
    here = place()
    here.write(clock="event")

    assert_refused(here.worker(), "written with TEND_CLOCK=event, this worker has TEND_CLOCK=wall", "Set it to event")


@pytest.mark.slow  # waits for the broker
def test_offsets_outside_the_log(place: Make) -> None:
    here = place()
    for partition in (0, 1):
        here.write(partition, offsets={**dict.fromkeys(LANE_TOPICS, 0), BROWSE: 1_000})

    assert_refused(
        here.worker(), "storefront.browse partition", "1000 asked, the log holds 0 to 0", "Restore the topic"
    )


@pytest.mark.slow  # waits for the broker
def test_a_broker_that_is_not_there(place: Make) -> None:
    said = place().worker(TEND_BROKERS="127.0.0.1:1")

    assert_refused(said, "127.0.0.1:1", status=4)


def test_a_store_that_is_not_there(place: Make) -> None:
    said = place().worker(TEND_REDIS_URL="redis://127.0.0.1:1/0")

    assert_refused(said, "the store at 127.0.0.1:1", status=4)


def test_settings_that_are_wrong(place: Make) -> None:
    said = place().worker(TEND_PARTITIONS="many")

    assert_refused(said, "TEND_PARTITIONS", "'many'", "whole number from 1 to 4096")


def test_remade_topics_have_other_ids(broker_address: str) -> None:
    topics = Topics(KafkaConnection(broker_address))
    before = topics.identity([BROWSE]).topics[BROWSE]
    if not before:
        pytest.skip("this broker reports no topic ids")
    delete_topics(broker_address, BROWSE)
    topics.create([spec for spec in topic_specs(load_settings({"partitions": 2})) if spec.name == BROWSE])

    assert topics.identity([BROWSE]).topics[BROWSE] != before


def test_topics_that_are_missing(broker: str, store_server: str) -> None:
    said = Place(load_settings({"brokers": broker, "redis_url": store_server, "partitions": 2})).worker()

    assert_refused(said, "storefront.orders is missing", "Run: tend topics create")
