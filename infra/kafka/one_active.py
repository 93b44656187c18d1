"""The one reader of a topic that must have one at a time: the learner's lessons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from infra.kafka.beside import ConsumerBeside
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import raw
from schemas.lane import KafkaRecord

_WAIT_MS = 10


class Lessons(msgspec.Struct):
    """What one read of the only active reader brought."""

    records: list[KafkaRecord]
    next_offset: int
    at_end: bool


class OneActive:
    """The member of a consumer group on a one-partition topic: of all members, one at a time is active.

    Nothing is committed: where to begin is the caller's to say, each time this member becomes active.

    Args:
        connection: where Kafka is.
        topic: the topic, with one partition.
        group: the group whose members take turns.
        start: asked for the offset to begin at, when this member becomes active.
        session_ms: how long after its last sign of life a dead member keeps its place (Kafka: at least 6 s).
        instance: a name that stays with this member: restarted soon, it is active again at once.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        group: str,
        start: Callable[[], Awaitable[int]],
        *,
        session_ms: int = 10_000,
        instance: str | None = None,
    ) -> None:
        self._at = (topic, 0)
        self._start = start
        self._assigned = False
        self._position: int | None = None
        config: dict[str, str | int | float | bool] = {
            "group.id": group,
            "session.timeout.ms": session_ms,
            "heartbeat.interval.ms": min(1_000, session_ms // 3),
            "max.poll.interval.ms": 86_400_000,
        }
        if instance:
            config["group.instance.id"] = instance
        self._consumer = ConsumerBeside(connection, _WAIT_MS, config)
        self._consumer.client.subscribe(
            [topic], on_assign=self._on_assign, on_revoke=self._on_lost, on_lost=self._on_lost
        )

    @property
    def active(self) -> bool:
        """Whether this member has the partition and has begun to read."""
        return self._position is not None

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Nothing is fetched before the caller has said where to begin.
        consumer.assign([])
        self._assigned = bool(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned = False
        self._position = None

    async def read(self, max_wait_ms: int) -> Lessons | None:
        """The next records; nothing at all (None) while another member is active.

        Raises:
            ConfigurationRefused: the offset to begin at lies outside the log.
            DependencyUnavailable: the broker reports a problem.
        """
        if self._assigned and self._position is None:
            await self._begin()
        messages = await self._consumer.some(max_wait_ms)
        if self._position is None:
            self._raise_problems(messages)
            return None
        return self._taken(messages)

    async def _begin(self) -> None:
        offset = await self._start()
        await self._consumer.begin_at(*self._at, offset)
        self._position = offset

    def _taken(self, messages: Sequence[Message]) -> Lessons:
        records: list[KafkaRecord] = []
        at_end = False
        for message in messages:
            problem = message.error()
            if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                raise self._consumer.meaning(problem)
            if problem is None:
                records.append(raw(message))
                self._position = records[-1].offset + 1
            else:
                self._position = max(self._position or 0, message.offset() or 0)
                at_end = True
        return Lessons(records=records, next_offset=self._position or 0, at_end=at_end)

    def _raise_problems(self, messages: Sequence[Message]) -> None:
        for message in messages:
            problem = message.error()
            if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                raise self._consumer.meaning(problem)

    async def close(self) -> None:
        """Leave the group at once, so that another member becomes active. Can be called twice."""
        self._on_lost(self._consumer.client, [])
        await self._consumer.close()
