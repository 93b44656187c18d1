"""Sending much, fast, to partitions that the caller names: for replays, imports and tools."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, Message, Producer

from infra.kafka.connection import KafkaConnection
from schemas.errors import DependencyUnavailable
from schemas.times import Millis

_QUEUE = 100_000
_SECONDS = 60.0
_SERVE_EVERY = 500


class BulkProducer:
    """A producer whose ``flush`` says where each partition ends. Calls block; use one thread at a time.

    It waits for all in-sync replicas, and keeps the order within a partition.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._producer = Producer(
            connection.librdkafka(
                acks="all",
                max_in_flight=1,  # keeps the order without the idempotence that not every broker has
                linger_ms=5,
                batch_num_messages=10_000,
                queue_buffering_max_messages=_QUEUE,
                message_timeout_ms=int(_SECONDS * 1000),
            )
            | {"on_delivery": self._delivered}
        )
        self._ends: dict[tuple[str, int], int] = {}
        self._problem: KafkaError | None = None
        self._since_served = 0

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp: Millis,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Queue one record, with the time it shall carry; waits while the queue is full.

        Raises:
            DependencyUnavailable: an earlier record was not delivered.
        """
        while True:
            try:
                self._producer.produce(topic, value, key, partition, timestamp=timestamp, headers=list(headers) or None)
                break
            except BufferError:
                self._producer.poll(0.05)
                self._check()
        self._since_served += 1
        if self._since_served >= _SERVE_EVERY:
            self._since_served = 0
            self._producer.poll(0)
            self._check()

    def flush(self) -> dict[tuple[str, int], int]:
        """Wait until all is delivered; the offset behind the last record sent, by topic and partition.

        Only partitions that this producer has sent to appear, with what it has sent since it was made.

        Raises:
            DependencyUnavailable: a record was not delivered.
        """
        left = self._producer.flush(_SECONDS)
        self._check()
        if left:
            raise DependencyUnavailable(f"{left} records were not delivered within {_SECONDS:.0f} s")
        return dict(self._ends)

    def close(self) -> None:
        """Deliver what is queued and let the connection go. Raises as ``flush`` does."""
        self.flush()

    def _delivered(self, problem: KafkaError | None, message: Message) -> None:
        if problem is not None:
            self._problem = self._problem or problem
            return
        at = (message.topic() or "", message.partition() or 0)
        self._ends[at] = max(self._ends.get(at, 0), (message.offset() or 0) + 1)

    def _check(self) -> None:
        if self._problem is not None:
            raise DependencyUnavailable(f"A record was not delivered: {self._problem.str()}")
