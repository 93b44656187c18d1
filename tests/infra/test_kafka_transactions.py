"""Whether transactions hold is tried, not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_the_embedded_broker_is_not_trusted_with_transactions(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        connection = KafkaConnection(broker.address)
        Topics(connection).create([TopicSpec("tried", 1)])

        assert supports_transactions(connection, "tried") is False
