"""A transaction that Kafka committed, and forgot to say so in the log: it is out once all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.partition_log import PartitionLog
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.topics import Topics
from schemas.lane import OutboxEntry
from schemas.topics import POSITIONS
from tests.backends import OwnBroker
from tests.builders import SIGNING
from tests.infra.lost_markers import lose_marker
from tests.infra.settled import read_settled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

ENTRIES = [OutboxEntry(n, "coupons" if n % 3 else "lessons", 0, b"anna", b"%d" % n) for n in range(1, 301)]
ALL = {
    topic: [int(entry.value or b"") for entry in ENTRIES if entry.topic == topic] for topic in ("coupons", "lessons")
}


async def two_transactions(connection: KafkaConnection) -> OutboxPublisher:
    """Of which the second one is about to lose its markers."""
    Topics(connection).create([TopicSpec(name, 1) for name in (*ALL, POSITIONS)])
    publisher = OutboxPublisher(connection, 0, SIGNING)
    await publisher.publish(ENTRIES[:100])
    await publisher.publish(ENTRIES[:200])
    with PartitionLog(connection) as log:
        for name in (*ALL, POSITIONS):
            log.settled_bounds(name, 0)
    return publisher


def lose(kafka: OwnBroker, directory: Path, topics: tuple[str, ...]) -> None:
    kafka.kill()
    for topic in topics:
        lose_marker(directory / "kafka", topic, 0)
    kafka.start()


async def out(connection: KafkaConnection) -> dict[str, list[int]]:
    return {topic: [int(record.value or b"0") for record in await read_settled(connection, topic)] for topic in ALL}


@pytest.mark.parametrize(
    "topics",
    [("coupons", "lessons", POSITIONS), (POSITIONS,), ("lessons", POSITIONS)],
    ids=["all of it", "only that it happened", "a part of it"],
)
async def test_what_a_broker_left_open_is_out_once(
    own_kafka: OwnBroker, tmp_path: Path, topics: tuple[str, ...]
) -> None:
    connection = KafkaConnection(own_kafka.address)
    await (await two_transactions(connection)).close()
    lose(own_kafka, tmp_path, topics)

    heir = OutboxPublisher(connection, 0, SIGNING)
    assert await heir.open() == 100
    assert await heir.publish(ENTRIES[100:]) == 300
    await heir.close()

    assert await out(connection) == ALL
    assert await OutboxPublisher(connection, 0, SIGNING).open() == 300


async def test_what_a_broker_says_is_out_comes_to_light_with_what_follows(own_kafka: OwnBroker, tmp_path: Path) -> None:
    connection = KafkaConnection(own_kafka.address)
    await (await two_transactions(connection)).close()
    lose(own_kafka, tmp_path, ("coupons",))

    heir = OutboxPublisher(connection, 0, SIGNING)
    assert await heir.open() == 200
    await heir.publish(ENTRIES[100:])
    await heir.close()

    assert await out(connection) == ALL


async def test_a_publisher_in_service_publishes_again_what_its_broker_left_open(
    own_kafka: OwnBroker, tmp_path: Path
) -> None:
    connection = KafkaConnection(own_kafka.address)
    publisher = await two_transactions(connection)
    lose(own_kafka, tmp_path, ("coupons", "lessons", POSITIONS))

    await publisher.open()
    await publisher.publish(ENTRIES[100:])
    await publisher.close()

    assert await out(connection) == ALL
