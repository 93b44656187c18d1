"""Readers of broadcast topics, and tails for people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, Message, TopicPartition

from infra.kafka.beside import ConsumerBeside
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog, raw
from infra.kafka.topics import Topics
from schemas.lane import KafkaRecord


class Reader:
    """Reads given partitions from given offsets, without a consumer group: every reader gets every record.

    Args:
        connection: where Kafka is.
        starts: topic and partition to the offset to begin at.
        wait_ms: how long the broker may hold back an answer that would be empty.
    """

    def __init__(
        self, connection: KafkaConnection, starts: Mapping[tuple[str, int], int], *, wait_ms: int = 10
    ) -> None:
        self._positions = dict(starts)
        self._at_end: set[tuple[str, int]] = set()
        self._consumer = ConsumerBeside(connection, wait_ms)
        self._consumer.client.assign([TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()])

    @property
    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset of each partition."""
        return dict(self._positions)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return self._at_end >= set(self._positions)

    async def read(self, max_wait_ms: int) -> list[KafkaRecord]:
        """The next committed records; an empty list when none came within ``max_wait_ms``.

        Raises:
            ConfigurationRefused: an offset lies outside the log.
            DependencyUnavailable: the broker reports a problem.
        """
        messages = await self._consumer.some(max_wait_ms)
        return [record for message in messages if (record := self._take(message)) is not None]

    def _take(self, message: Message) -> KafkaRecord | None:
        at = (message.topic() or "", message.partition() or 0)
        problem = message.error()
        if problem is None:
            record = raw(message)
            self._positions[at] = record.offset + 1
            self._at_end.discard(at)
            return record
        if problem.code() != KafkaError._PARTITION_EOF:
            raise self._consumer.meaning(problem)
        # The end lies behind the markers of transactions, which are no records.
        self._positions[at] = max(self._positions[at], message.offset() or 0)
        self._at_end.add(at)
        return None

    async def close(self) -> None:
        """Let the connection go. Can be called twice."""
        await self._consumer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def read_all(connection: KafkaConnection, topic: str, partition: int = 0, start: int = 0) -> list[KafkaRecord]:
    """All committed records of a partition from ``start`` to its present end. For small topics and tests."""

    def read() -> list[KafkaRecord]:
        with PartitionLog(connection) as log:
            return list(log.read(topic, partition, max(start, log.bounds(topic, partition)[0])))

    return await asyncio.to_thread(read)


async def tail(
    connection: KafkaConnection, topics: Sequence[str], *, newest: int | None = 10, follow: bool = False
) -> AsyncIterator[KafkaRecord]:
    """The last ``newest`` records of each partition (all of them: None), then new ones as they come if ``follow``.

    Raises:
        ConfigurationRefused: there is no such topic.
        DependencyUnavailable: the broker reports a problem.
    """
    starts = await asyncio.to_thread(_starts, connection, topics, newest)
    async with Reader(connection, starts) as reader:
        while follow or not reader.at_end:
            for record in await reader.read(max_wait_ms=200):
                yield record


def _starts(connection: KafkaConnection, topics: Sequence[str], newest: int | None) -> dict[tuple[str, int], int]:
    every = Topics(connection)
    starts: dict[tuple[str, int], int] = {}
    with PartitionLog(connection) as log:
        for at in ((topic, p) for topic in topics for p in range(every.partitions(topic))):
            first, end = log.bounds(*at)
            starts[at] = first if newest is None else max(first, end - newest)
    return starts
