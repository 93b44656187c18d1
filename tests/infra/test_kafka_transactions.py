"""Whether transactions hold is tried, not believed; a broker that cannot keep them is refused."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from infra.kafka import transactions
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import read_all
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.topics import Topics
from infra.kafka.transactions import require_transactions
from schemas.errors import ConfigurationRefused, DependencyUnavailable


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("tried", 1)])
    return connection


async def test_apache_kafka_keeps_its_word(connection: KafkaConnection) -> None:
    require_transactions(connection, "tried")

    assert await read_all(connection, "tried") == []


def test_a_killed_owners_open_transaction_holds_nobody_up(connection: KafkaConnection) -> None:
    owner = Producer(connection.librdkafka(transactional_id="killed", transaction_timeout_ms=60_000))
    owner.init_transactions(20)
    owner.begin_transaction()
    owner.produce("tried", b"unfinished", partition=0)
    owner.flush(20)

    require_transactions(connection, "tried")

    owner.abort_transaction(20)


def test_a_broker_that_shows_what_was_taken_back_is_refused(
    connection: KafkaConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def committed_after_all(connection: KafkaConnection, topic: str) -> int:
        offsets: list[int] = []
        producer = Producer(connection.librdkafka())
        producer.produce(topic, b"{}", on_delivery=lambda _, message: offsets.append(message.offset() or 0))
        producer.flush(20)
        return offsets[0]

    monkeypatch.setattr(transactions, "_abort_one", committed_after_all)

    with pytest.raises(ConfigurationRefused, match=r"shows records of a transaction that was aborted.*Apache Kafka"):
        require_transactions(connection, "tried")


@pytest.mark.parametrize(
    ("code", "raised", "says"),
    [
        (KafkaError.UNSUPPORTED_VERSION, ConfigurationRefused, "offers no transactions.*set TEND_BROKERS"),
        (KafkaError._UNSUPPORTED_FEATURE, ConfigurationRefused, "offers no transactions.*set TEND_BROKERS"),
        (KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ConfigurationRefused, "Grant Write and Describe"),
        (KafkaError.UNKNOWN, DependencyUnavailable, "^Kafka: "),
        (KafkaError._TRANSPORT, DependencyUnavailable, "^Kafka: "),
        (KafkaError.COORDINATOR_NOT_AVAILABLE, DependencyUnavailable, "^Kafka: "),
    ],
)
def test_only_who_says_so_has_none(
    code: int, raised: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: KafkaConnection, topic: str) -> int:
        raise KafkaException(KafkaError(code))

    monkeypatch.setattr(transactions, "_abort_one", fails)

    with pytest.raises(raised, match=says):
        require_transactions(KafkaConnection("127.0.0.1:1"))
