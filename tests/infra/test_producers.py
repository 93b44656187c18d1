"""Producers beside the lanes."""

from __future__ import annotations

import asyncio

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import AcknowledgedProducer, BroadcastProducer, SafeRecord
from infra.kafka.topics import Topics
from infra.kafka.transactional_producer import TransactionalProducer
from schemas.errors import DependencyUnavailable, Fenced


async def test_a_broadcast_that_failed_never_fences_the_one_that_took_over(broker: str) -> None:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("news", 1)])
    frozen, awake = BroadcastProducer(connection, "test-news"), BroadcastProducer(connection, "test-news")
    await frozen.open()
    await awake.open()
    with pytest.raises(Fenced):
        await frozen.announce("news", b"1", b"of the one that slept")

    with pytest.raises(DependencyUnavailable, match="has to be opened again"):
        await frozen.announce("news", b"1", b"of the one that slept")

    await awake.announce("news", b"1", b"of the one that is awake")
    await frozen.close()
    await awake.close()


def test_a_fence_that_is_heard_of_amid_deliveries_is_told_as_one(broker: str) -> None:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("news", 1)])
    older = TransactionalProducer(connection, "test-fence")

    with pytest.raises(Fenced):
        _send_beside_a_younger_one(connection, older)
    older.drop()


def test_a_fatal_error_that_the_client_lost_amid_deliveries_asks_for_another_life(broker: str) -> None:
    producer = TransactionalProducer(KafkaConnection(broker), "test-lost")

    with pytest.raises(Fenced), producer.transaction():
        raise SystemError("<method 'flush' of 'cimpl.Producer' objects> returned NULL without setting an exception")
    producer.drop()


def _send_beside_a_younger_one(connection: KafkaConnection, older: TransactionalProducer) -> None:
    with older.transaction():
        TransactionalProducer(connection, "test-fence")
        for number in range(10):
            older.send("news", 0, b"k", b"%d" % number, ())
        older._producer.flush(10)


async def test_what_is_sent_together_is_safe_together_and_in_its_order(broker: str) -> None:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("safe", 2)])
    producer = AcknowledgedProducer(connection)

    assert await producer.send("safe", 1, b"k", b"first") == 0
    await asyncio.gather(
        *(
            producer.send_all([SafeRecord("safe", n % 2, b"k", f"{one}-{n}".encode()) for n in range(20)])
            for one in range(5)
        )
    )
    with PartitionLog(connection) as log:
        kept = [[(one.value or b"").decode() for one in log.read("safe", partition, 0)] for partition in (0, 1)]
    assert kept[1][0] == "first"
    assert sorted([*kept[0], *kept[1][1:]]) == sorted(f"{one}-{n}" for one in range(5) for n in range(20))
    for lines in (kept[0], kept[1][1:]):
        for one in range(5):
            of_one = [int(line.split("-")[1]) for line in lines if line.startswith(f"{one}-")]
            assert of_one == sorted(of_one)
    await producer.close()


async def test_closing_delivers_what_nobody_waits_for_any_more(broker: str) -> None:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("safe", 1)])
    producer = AcknowledgedProducer(connection)

    assert await producer.send_all([]) == 0
    sending = asyncio.ensure_future(producer.send("safe", 0, b"k", b"left behind"))
    await asyncio.sleep(0)
    sending.cancel()
    await producer.close()

    with PartitionLog(connection) as log:
        assert [one.value for one in log.read("safe", 0, 0)] == [b"left behind"]
