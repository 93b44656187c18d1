"""Topics as people look at them: the newest records, and new ones as they come. No event's way leads through here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from infra.kafka.connection import KafkaConnection
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import KafkaRecord

_WAIT_MS = 200
_ANSWER_MS = 20_000


def consume(
    connection: KafkaConnection, topics: Sequence[str], *, newest: int | None = 10, follow: bool = False
) -> Iterator[KafkaRecord]:
    """The last ``newest`` committed records of each partition (all: None), then new ones as they come if ``follow``.

    Raises:
        ConfigurationRefused: there is no such topic.
        DependencyUnavailable: no broker answers, or it reports a problem.
    """
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        with closing(KafkaConsumer(**_options(connection))) as consumer:
            ends = _begin(consumer, topics, newest)
            while follow or not all(consumer.position(at) >= end for at, end in ends.items()):
                for records in consumer.poll(timeout_ms=_WAIT_MS).values():
                    yield from map(_record, records)
    except KafkaError as error:
        raise DependencyUnavailable(f"Kafka at {connection.brokers}: {error}") from error


def _begin(consumer: KafkaConsumer, topics: Sequence[str], newest: int | None) -> dict[TopicPartition, int]:
    """Stand where reading begins; the present end of each partition."""
    places = [TopicPartition(topic, p) for topic in topics for p in sorted(_partitions(consumer, topic))]
    consumer.assign(places)
    firsts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
    for at in places:
        consumer.seek(at, firsts[at] if newest is None else max(firsts[at], ends[at] - newest))
    return dict(ends)


def _partitions(consumer: KafkaConsumer, topic: str) -> set[int]:
    found: set[int] | None = consumer.partitions_for_topic(topic)
    if not found:
        raise ConfigurationRefused(f"There is no topic {topic}. Run: tend topics create")
    return found


def _options(connection: KafkaConnection) -> dict[str, Any]:
    options = {
        "bootstrap_servers": [server.strip() for server in connection.brokers.split(",")],
        "bootstrap_timeout_ms": _ANSWER_MS,
        "security_protocol": connection.protocol,
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
    }
    if connection.uses_sasl:
        options |= {
            "sasl_mechanism": connection.mechanism,
            "sasl_plain_username": connection.username,
            "sasl_plain_password": connection.password,
        }
    if connection.ca_file:
        options["ssl_cafile"] = connection.ca_file
    return options


def _record(found: ConsumerRecord) -> KafkaRecord:
    headers = tuple((name, value or b"") for name, value in found.headers or ())
    return KafkaRecord(found.topic, found.partition, found.offset, found.timestamp, found.key, found.value, headers)
