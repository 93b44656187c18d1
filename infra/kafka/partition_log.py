"""Reading a topic's partition as the log that it is: from an offset to its end, or backwards from its end.

These calls block; call them from a thread of their own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import takewhile
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from infra.kafka.connection import KafkaConnection
from infra.kafka.errors import ask, is_end, problem_of
from schemas.errors import DependencyUnavailable
from schemas.lane import KafkaRecord

_ANSWER_SECONDS = 20.0
_BATCH = 1_000
_WAIT_MS = 10
_WINDOW = 64
_WIDEST = 8_192
"""Records in memory at a time when reading backwards, however far back."""


class PartitionLog:
    """Reads committed records without a consumer group, so without any claim on the topic."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._brokers = connection.brokers
        self._end = 0
        self._consumer = Consumer(connection.groupless(_WAIT_MS))
        self._met: set[str] = set()

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset held, and the one behind the last stable record. Raises DependencyUnavailable."""
        first, guess = self._watermarks(TopicPartition(topic, partition))
        # Where a read ends is behind the last stable record, whatever transactions are open.
        for _ in self.read(topic, partition, guess):
            pass
        return first, self._end

    def _watermarks(self, at: TopicPartition) -> tuple[int, int]:
        try:
            found = ask(lambda: self._consumer.get_watermark_offsets(at, timeout=_ANSWER_SECONDS))
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers}: {problem_of(error).str()}") from error
        if found is None:
            raise DependencyUnavailable(f"Kafka at {self._brokers} does not answer")
        return found

    def settled_bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """The bounds once no transaction is open in the partition; waits for that. Raises DependencyUnavailable."""
        if self.is_settled(topic, partition, _ANSWER_SECONDS):
            return self.bounds(topic, partition)
        raise DependencyUnavailable(
            f"{topic} partition {partition}: a transaction stays open at offset {self._end}. If no worker publishes, "
            f"ask who left it: kafka-transactions.sh --bootstrap-server {self._brokers} find-hanging --topic {topic}"
        )

    def is_settled(self, topic: str, partition: int, patience: float) -> bool:
        """Whether no transaction is open in the partition, or those that are end within ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while True:
            _, end = self.bounds(topic, partition)
            _, written = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            if end >= written:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)

    def read(self, topic: str, partition: int, start: int) -> Iterator[KafkaRecord]:
        """The records from ``start`` to the present end. Raises DependencyUnavailable."""
        self._meet(topic)
        self._consumer.assign([TopicPartition(topic, partition, start)])
        while True:
            messages = poll_batch(self._consumer, _BATCH, _ANSWER_SECONDS)
            if not messages:
                raise DependencyUnavailable(f"Kafka at {self._brokers} does not answer")
            for message in messages:
                problem = message.error()
                if problem is None:
                    yield record_of(message)
                elif is_end(problem):
                    self._end = message.offset() or 0
                    return
                else:
                    raise DependencyUnavailable(f"Kafka at {self._brokers}: {problem.str()}")

    def _meet(self, topic: str) -> None:
        """Ask who leads a topic that is new here; by itself the client would ask within a second, for each topic."""
        if topic in self._met:
            return
        try:
            ask(lambda: self._consumer.list_topics(topic, timeout=_ANSWER_SECONDS))
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers}: {problem_of(error).str()}") from error
        self._met.add(topic)

    def backwards(self, topic: str, partition: int, limit: int, *, settled: bool = True) -> Iterator[KafkaRecord]:
        """Records from the newest to older ones, about ``limit`` of them at most. Raises DependencyUnavailable.

        It waits while a transaction is open in the partition, as what was acknowledged behind it would be overlooked;
        unless ``settled`` says that what lies before it is enough.
        """
        first, end = self.settled_bounds(topic, partition) if settled else self.bounds(topic, partition)
        upper, window = end, _WINDOW
        while upper > first and end - upper < limit:
            lower = max(first, upper - window)
            yield from reversed(self._between(topic, partition, lower, upper))
            upper, window = lower, min(window * 4, _WIDEST)

    def _between(self, topic: str, partition: int, lower: int, upper: int) -> list[KafkaRecord]:
        return list(takewhile(lambda record: record.offset < upper, self.read(topic, partition, lower)))

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def poll_batch(consumer: Consumer, limit: int, patience: float) -> list[Message]:
    """Wait ``patience`` seconds for a first message, then take what is there, up to ``limit``."""
    # consume() alone would wait for the whole number of them.
    first = consumer.poll(patience)
    if first is None:
        return []
    return [first, *consumer.consume(limit - 1, 0.0)]


def record_of(message: Message) -> KafkaRecord:
    """A record as confluent-kafka delivers it, in our own words."""
    headers = message.headers()
    return KafkaRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        _bytes(message.key()),
        _bytes(message.value()),
        tuple((header[0], _bytes(header[1]) or b"") for header in headers) if headers else (),
    )


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
