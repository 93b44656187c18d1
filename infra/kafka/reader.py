"""Readers beside the lanes: broadcast topics, tails for people, and the one topic that has one reader.

All are used from an event loop; what blocks runs on a thread of the reader's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog, raw, some
from infra.kafka.topics import Topics
from schemas.errors import DependencyAway, Refused
from schemas.lane import Raw

_BATCH = 1_000
_T = TypeVar("_T")


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
        self._brokers = connection.brokers
        self._positions = dict(starts)
        self._at_end: set[tuple[str, int]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tend-reader")
        self._consumer = Consumer(_groupless(connection, wait_ms))
        self._consumer.assign([TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()])

    @property
    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset of each partition."""
        return dict(self._positions)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return self._at_end >= set(self._positions)

    async def read(self, max_wait_ms: int) -> list[Raw]:
        """The next committed records; an empty list when none came within ``max_wait_ms``.

        Raises:
            Refused: an offset lies outside the log.
            DependencyAway: the broker reports a problem.
        """
        messages = await _in_thread(self._thread, lambda: some(self._consumer, _BATCH, max_wait_ms / 1000))
        return [record for message in messages if (record := self._take(message)) is not None]

    def _take(self, message: Message) -> Raw | None:
        at = (message.topic() or "", message.partition() or 0)
        problem = message.error()
        if problem is None:
            record = raw(message)
            self._positions[at] = record.offset + 1
            self._at_end.discard(at)
            return record
        if problem.code() != KafkaError._PARTITION_EOF:
            raise _meaning(problem, self._brokers)
        # The end lies behind the markers of transactions, which are no records.
        self._positions[at] = max(self._positions[at], message.offset() or 0)
        self._at_end.add(at)
        return None

    async def close(self) -> None:
        """Let the connection go. Can be called twice."""
        await asyncio.to_thread(_end, self._thread, self._consumer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def read_all(connection: KafkaConnection, topic: str, partition: int = 0, start: int = 0) -> list[Raw]:
    """All committed records of a partition from ``start`` to its present end. For small topics and tests."""

    def read() -> list[Raw]:
        with PartitionLog(connection) as log:
            return list(log.read(topic, partition, max(start, log.bounds(topic, partition)[0])))

    return await asyncio.to_thread(read)


async def tail(
    connection: KafkaConnection, topics: Sequence[str], *, newest: int | None = 10, follow: bool = False
) -> AsyncIterator[Raw]:
    """The last ``newest`` records of each partition (all of them: None), then new ones as they come if ``follow``.

    Raises:
        Refused: there is no such topic.
        DependencyAway: the broker reports a problem.
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


class Lessons(msgspec.Struct):
    """What one read of the only active reader brought."""

    records: list[Raw]
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
        self._brokers = connection.brokers
        self._at = (topic, 0)
        self._start = start
        self._assigned = False
        self._position: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{group}-one-active")
        config = _groupless(connection, 10) | {
            "group.id": group,
            "session.timeout.ms": session_ms,
            "heartbeat.interval.ms": min(1_000, session_ms // 3),
            "max.poll.interval.ms": 86_400_000,
        }
        if instance:
            config["group.instance.id"] = instance
        self._consumer = Consumer(config)
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_lost, on_lost=self._on_lost)

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
            Refused: the offset to begin at lies outside the log.
            DependencyAway: the broker reports a problem.
        """
        if self._assigned and self._position is None:
            await self._begin()
        messages = await _in_thread(self._thread, lambda: some(self._consumer, _BATCH, max_wait_ms / 1000))
        if self._position is None:
            self._raise_problems(messages)
            return None
        return self._taken(messages)

    async def _begin(self) -> None:
        offset = await self._start()
        await _in_thread(self._thread, lambda: self._consumer.assign([TopicPartition(*self._at, offset)]))
        self._position = offset

    def _taken(self, messages: Sequence[Message]) -> Lessons:
        records: list[Raw] = []
        at_end = False
        for message in messages:
            problem = message.error()
            if problem is None:
                records.append(raw(message))
                self._position = records[-1].offset + 1
            elif problem.code() == KafkaError._PARTITION_EOF:
                self._position = max(self._position or 0, message.offset() or 0)
                at_end = True
            else:
                raise _meaning(problem, self._brokers)
        return Lessons(records=records, next_offset=self._position or 0, at_end=at_end)

    def _raise_problems(self, messages: Sequence[Message]) -> None:
        for message in messages:
            problem = message.error()
            if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                raise _meaning(problem, self._brokers)

    async def close(self) -> None:
        """Leave the group at once, so that another member becomes active. Can be called twice."""
        self._on_lost(self._consumer, [])
        await asyncio.to_thread(_end, self._thread, self._consumer)


def _groupless(connection: KafkaConnection, wait_ms: int) -> dict[str, str | int | float | bool]:
    return connection.librdkafka(
        group_id="tend-reader",  # librdkafka wants one; nothing is ever committed under it
        enable_auto_commit=False,
        enable_auto_offset_store=False,
        enable_partition_eof=True,
        isolation_level="read_committed",
        auto_offset_reset="error",
        fetch_wait_max_ms=wait_ms,
    )


def _meaning(problem: KafkaError, brokers: str) -> Exception:
    if problem.code() in (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET):
        return Refused(
            f"An offset to begin at lies outside the log: {problem.str()}. The topic was made anew or records were "
            "deleted; restore it, or begin afresh with an empty store."
        )
    return DependencyAway(f"Kafka at {brokers}: {problem.str()}")


async def _in_thread(thread: ThreadPoolExecutor, call: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(thread, call)


def _end(thread: ThreadPoolExecutor, consumer: Consumer) -> None:
    # Waits for a read under way, in a thread that is not the one waited for.
    thread.shutdown(wait=True)
    consumer.close()
