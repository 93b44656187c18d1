"""What people look at are the newest committed records of a topic, and new ones as they come."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from itertools import islice

import pytest
from confluent_kafka import Producer

from infra.kafka.connection import KafkaConnection
from infra.kafka.console_consumer import consume
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.topics import Topics
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import KafkaRecord

Send = Callable[..., None]


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("letters", 2)])
    return connection


@pytest.fixture
def send(connection: KafkaConnection, group: str) -> Send:
    """Sends bodies in one transaction, which is committed or taken back."""
    producer = Producer(connection.librdkafka(transactional_id=group))
    producer.init_transactions(20)

    def send_them(*bodies: str, partition: int = 0, commit: bool = True) -> None:
        producer.begin_transaction()
        for body in bodies:
            producer.produce("letters", body.encode(), b"key", partition, headers=[("why", b"because")])
        producer.flush(20)
        (producer.commit_transaction if commit else producer.abort_transaction)(20)

    return send_them


def bodies(records: list[KafkaRecord]) -> list[str]:
    return sorted((record.value or b"").decode() for record in records)


def test_an_empty_topic_shows_nothing_and_ends(connection: KafkaConnection) -> None:
    assert list(consume(connection, ["letters"])) == []


def test_all_committed_records_are_shown_as_they_were_sent(connection: KafkaConnection, send: Send) -> None:
    send("a", "b")
    send("never", commit=False)
    send("c", partition=1)
    send("nor this one", commit=False)

    found = list(consume(connection, ["letters"], newest=None))

    assert bodies(found) == ["a", "b", "c"]
    first = next(record for record in found if record.value == b"a")
    assert (first.topic, first.partition, first.offset, first.key) == ("letters", 0, 0, b"key")
    assert first.headers == (("why", b"because"),)
    assert first.timestamp > 1_700_000_000_000


def test_only_the_newest_of_each_partition_are_shown(connection: KafkaConnection, send: Send) -> None:
    send(*(f"{number:03}" for number in range(100)))

    # The end of a transaction counts as one.
    assert bodies(list(consume(connection, ["letters"], newest=4))) == ["097", "098", "099"]


def test_new_records_are_followed(connection: KafkaConnection, send: Send) -> None:
    send("old")
    following = consume(connection, ["letters"], follow=True)
    assert bodies(list(islice(following, 1))) == ["old"]

    send("new")

    assert bodies(list(islice(following, 1))) == ["new"]


def test_a_topic_that_is_not_there_is_refused_with_the_command_that_makes_it(connection: KafkaConnection) -> None:
    with pytest.raises(ConfigurationRefused, match=r"There is no topic nothing\. Run: tend topics create"):
        list(consume(connection, ["nothing"]))


def test_a_broker_that_does_not_answer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.console_consumer._ANSWER_MS", 300)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the client leaves its last socket to the garbage collector
        with pytest.raises(DependencyUnavailable, match=r"Kafka at 127\.0\.0\.1:1"):
            list(consume(KafkaConnection("127.0.0.1:1"), ["letters"]))
        gc.collect()
