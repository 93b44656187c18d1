"""What lies on the broker, as somebody reads it who has no claim on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from benchmarks.reference.job import Action, decode_action
from benchmarks.reference.load import PARTITIONS


def written(consumer: Consumer, topic: str) -> int:
    """Records in a topic, markers of transactions too."""
    return sum(
        consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20, cached=False)[1] for p in range(PARTITIONS)
    )


def sent(brokers: str, topic: str) -> list[Action]:
    """All actions that a reader of committed records sees."""
    return [decode_action(message.value() or b"") for message in everything(brokers, topic)]


def everything(brokers: str, topic: str) -> list[Message]:
    """All committed records of a topic."""
    found: list[Message] = []
    with reader(brokers) as consumer:
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        while batch := consumer.consume(10_000, 1.5):
            found += [one for one in batch if not one.error()]
    return found


@contextmanager
def reader(brokers: str, isolation: str = "read_committed") -> Iterator[Consumer]:
    """A client that commits nothing."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "bench-reader",
            "enable.auto.commit": False,
            "isolation.level": isolation,
            "fetch.wait.max.ms": 5,
            "log_level": 2,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()
