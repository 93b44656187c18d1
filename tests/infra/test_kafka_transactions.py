"""Whether transactions hold is tried, not believed."""

from __future__ import annotations

from confluent_kafka import Producer

from infra.kafka.connection import KafkaConnection
from infra.kafka.reader import read_all
from infra.kafka.topics import Topics, TopicSpec
from infra.kafka.transactions import supports_transactions


async def test_apache_kafka_keeps_its_word(broker_server: str) -> None:
    connection = KafkaConnection(broker_server)
    Topics(connection).create([TopicSpec("tried", 1)])

    assert supports_transactions(connection, "tried") is True
    assert await read_all(connection, "tried") == []


def test_a_killed_owners_open_transaction_holds_nobody_up(broker_server: str) -> None:
    connection = KafkaConnection(broker_server)
    Topics(connection).create([TopicSpec("held", 1)])
    owner = Producer(connection.librdkafka(transactional_id="killed", transaction_timeout_ms=60_000))
    owner.init_transactions(20)
    owner.begin_transaction()
    owner.produce("held", b"unfinished", partition=0)
    owner.flush(20)

    assert supports_transactions(connection, "held") is True

    owner.abort_transaction(20)
