"""Whether transactions hold is tried, not believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import Producer

from infra.embedded import EmbeddedBroker
from infra.kafka.connection import KafkaConnection
from infra.kafka.reader import read_all
from infra.kafka.topics import Topics, TopicSpec
from infra.kafka.transactions import supports_transactions


@pytest.mark.kafka
async def test_apache_kafka_keeps_its_word(real_kafka_server: str) -> None:
    connection = KafkaConnection(real_kafka_server)
    Topics(connection).create([TopicSpec("tried", 1)])

    assert supports_transactions(connection, "tried") is True
    assert await read_all(connection, "tried") == []


@pytest.mark.kafka
def test_a_killed_owners_open_transaction_holds_nobody_up(real_kafka_server: str) -> None:
    connection = KafkaConnection(real_kafka_server)
    Topics(connection).create([TopicSpec("held", 1)])
    owner = Producer(connection.librdkafka(transactional_id="killed", transaction_timeout_ms=60_000))
    owner.init_transactions(20)
    owner.begin_transaction()
    owner.produce("held", b"unfinished", partition=0)
    owner.flush(20)

    assert supports_transactions(connection, "held") is True

    owner.abort_transaction(20)


def test_the_embedded_broker_is_not_trusted_with_transactions(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        connection = KafkaConnection(broker.address)
        Topics(connection).create([TopicSpec("tried", 1)])

        assert supports_transactions(connection, "tried") is False
