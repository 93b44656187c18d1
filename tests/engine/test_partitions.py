"""Partitions that are added to topics in use: refused, as customers would move away from their records."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]  # not in its __all__

from agents.bootstrap import open_store
from agents.catalogue import topic_specs
from agents.installation import environment_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.lane import Commit, LaneState
from schemas.topics import LANE_TOPICS, PARTITIONED_TOPICS
from tests import backends
from tests.engine.site import eventually
from tests.shell import tend

pytestmark = [pytest.mark.timeout(120)]


async def _begin(settings: Settings) -> None:
    """Let each lane be as a worker leaves it."""
    identity = Topics(KafkaConnection.of(settings)).identity(LANE_TOPICS)
    assert identity.partitions == settings.partitions
    state = LaneState(dict.fromkeys(LANE_TOPICS, 0), broker=identity)
    async with open_store(settings) as store:
        for partition in range(settings.partitions):
            claimed = await store.claim(partition)
            await store.commit(partition, claimed.version, Commit(msgspec.msgpack.encode(state)))


def add_partitions(settings: Settings, topics: tuple[str, ...], total: int) -> None:
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    for result in admin.create_partitions([NewPartitions(topic, total) for topic in topics]).values():
        result.result(20)
    # The controller has decided; the broker that answers hears of it a moment later.
    known = Topics(KafkaConnection.of(settings))
    eventually(lambda: all(known.partitions(topic) == total for topic in topics), "the broker knows of them")


def test_a_worker_refuses_topics_that_have_grown(broker_server: str, store_server: str, tmp_path: Path) -> None:
    backends.delete_topics(broker_server)
    settings = load_settings(
        {"brokers": broker_server, "redis_url": store_server, "partitions": 2, "data_dir": str(tmp_path)}
    )
    Topics(KafkaConnection.of(settings)).create(topic_specs(settings))
    asyncio.run(_begin(settings))
    add_partitions(settings, PARTITIONED_TOPICS, 4)
    environment = {**environment_of(settings), "TEND_HTTP_PORT": "0"}

    as_before = tend("worker", environment=environment)
    as_now = tend("worker", environment={**environment, "TEND_PARTITIONS": "4"})

    assert as_before.status == as_now.status == 2
    assert "storefront.orders has 4 partitions; expected 2" in as_before.err
    assert "adding partitions would move customers" in as_before.err
    assert "customers in 2 lanes, and the topics have 4 partitions now" in as_now.err
    assert "Traceback" not in as_before.err + as_now.err
