"""Every client logs in where Kafka wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in its __all__
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.fetching.faust_app import make_engine
from infra.kafka.producers import BulkProducer
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.errors import DependencyUnavailable, TendError
from schemas.lane import OutboxEntry
from schemas.topics import POSITIONS
from tests.backends import OwnBroker, own_broker_or_skip
from tests.builders import SIGNING

PASSWORD = "s3cret"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a Kafka lets in user ``tend`` with the password."""
    own_broker_or_skip()
    kafka = OwnBroker(tmp_path_factory.mktemp("secured"), PASSWORD)
    kafka.start()
    yield kafka.secured_address
    kafka.kill()


@pytest.fixture
def settings(secured: str, group: str, tmp_path: Path) -> Settings:
    return load_settings(
        {
            "brokers": secured,
            "group": group,
            "data_dir": tmp_path,
            "kafka_protocol": "SASL_PLAINTEXT",
            "kafka_mechanism": "PLAIN",
            "kafka_username": "tend",
            "kafka_password": PASSWORD,
        }
    )


async def test_topics_producers_publishers_and_the_group_log_in(settings: Settings) -> None:
    connection = KafkaConnection.of(settings)
    Topics(connection).create([TopicSpec("orders", 1, {"retention.ms": "-1"}), TopicSpec(POSITIONS, 1)])
    producer = BulkProducer(connection)
    producer.send("orders", 0, b"anna", b"1", 1_700_000_000_000)
    producer.flush()
    publisher = OutboxPublisher(connection, 0, SIGNING)
    await publisher.publish([OutboxEntry(1, "orders", 0, b"anna", b"2")])
    await publisher.close()

    owned = asyncio.Event()

    async def on_owned(partition: int) -> None:
        owned.set()

    async def on_lost(partition: int) -> None:
        owned.clear()

    engine = make_engine(settings, ["orders"], on_owned, on_lost)
    await engine.start()
    await asyncio.wait_for(owned.wait(), 30)
    buffer = engine.group.open(0, {"orders": 0})
    read: list[bytes | None] = []
    while len(read) < 2:
        await buffer.wait(["orders"], 100)
        read += [record.value for record in buffer.take("orders")]
    await engine.stop()

    assert read == [b"1", b"2"]


async def test_a_worker_that_may_not_join_the_group_says_so(settings: Settings) -> None:
    Topics(KafkaConnection.of(settings)).create([TopicSpec("orders", 1)])
    let_read(settings, "orders", "User:stranger")
    engine = make_engine(settings.model_copy(update={"kafka_username": "stranger"}), ["orders"], nobody, nobody)

    with pytest.raises(TendError, match=f"join the group {settings.group}.*[Gg]roup authorization failed"):
        await asyncio.wait_for(engine.start(), 30)

    await engine.stop()


async def nobody(partition: int) -> None:
    raise AssertionError(f"partition {partition} is nobody's")


def let_read(settings: Settings, topic: str, principal: str) -> None:
    binding = AclBinding(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        principal,
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    admin = AdminClient(KafkaConnection.of(settings).librdkafka())
    for result in admin.create_acls([binding]).values():
        result.result(20)


async def test_a_wrong_password_lets_nobody_in(secured: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.topics._SECONDS", 1.0)
    stranger = KafkaConnection(secured, "SASL_PLAINTEXT", "PLAIN", "tend", "guessed")

    with pytest.raises(DependencyUnavailable):
        Topics(stranger).partitions("orders")
