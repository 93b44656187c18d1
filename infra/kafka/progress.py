"""How far the workers' group has said it came: kept by the broker for display, and good enough to begin again at."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from schemas.errors import DependencyUnavailable

_SECONDS = 20.0


def applied_offsets(connection: KafkaConnection, group: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The offsets behind what was handled, where the broker still knows; blocks. Raises DependencyUnavailable."""
    every = Topics(connection)
    asked = [TopicPartition(topic, p) for topic in topics for p in range(every.partitions(topic))]
    consumer = Consumer(connection.librdkafka(group_id=group, enable_auto_commit=False))
    try:
        known = consumer.committed(asked, timeout=_SECONDS)
    except KafkaException as error:
        raise DependencyUnavailable(f"Kafka: {error.args[0].str()}") from error
    finally:
        consumer.close()
    return {(at.topic, at.partition): at.offset for at in known if at.offset >= 0}
