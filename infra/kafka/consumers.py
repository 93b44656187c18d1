"""Consumers beside the lanes: they commit nothing, and each has a thread of its own for whatever blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.errors import OUTSIDE_LOG, is_end
from infra.kafka.partition_log import PartitionLog, poll_batch, record_of
from infra.kafka.topics import Topics
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import KafkaRecord

_BATCH = 1_000
_WAIT_MS = 10
FOLLOW_MS = 200
"""How long the broker may hold back an empty answer to who waits for what comes: a record is given out at once all the
same, and idle readers cost it next to nothing."""
_LESSONS_MS = 100
_T = TypeVar("_T")
Counts = Callable[[KafkaRecord], bool]


class AsyncConsumer:
    """Reads given partitions from given offsets, without a consumer group: every such consumer gets every record.

    Args:
        connection: where Kafka is.
        starts: topic and partition to the offset to begin at.
        wait_ms: how long the broker may hold back an answer that would be empty, and with it the news of an end.
        config: further properties of the client, in librdkafka's names.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        starts: Mapping[Place, int],
        *,
        wait_ms: int = _WAIT_MS,
        config: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        self._brokers = connection.brokers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tend-consumer")
        self.client = Consumer(connection.groupless(wait_ms) | dict(config or {}))
        self._positions: dict[tuple[str, int], int] = {}
        self._at_end: set[tuple[str, int]] = set()
        self._left_alone: set[Place] = set()
        if starts:
            self._assign(starts)

    @property
    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset of each partition."""
        return dict(self._positions)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return self._at_end >= set(self._positions)

    async def read_from(self, starts: Mapping[Place, int]) -> None:
        """Read these partitions from these offsets on, and nothing else."""
        await self._call(lambda: self._assign(starts))

    async def read(self, max_wait_ms: int) -> list[KafkaRecord]:
        """The next committed records; an empty list when none came within ``max_wait_ms``.

        Raises:
            ConfigurationRefused: an offset lies outside the log.
            DependencyUnavailable: the broker reports a problem.
        """
        messages = await self._call(lambda: poll_batch(self.client, _BATCH, max_wait_ms / 1000))
        return [record for message in messages if (record := self._take(message)) is not None]

    async def read_all_but(self, places: Collection[Place]) -> None:
        """Read no further in these topics' partitions for now, and on in those that were left alone before."""
        wanted = set(places)
        for change, some in (
            (self.client.pause, wanted - self._left_alone),
            (self.client.resume, self._left_alone - wanted),
        ):
            if some:
                partitions = [TopicPartition(topic, partition) for topic, partition in some]
                await self._call(partial(change, partitions))
        self._left_alone = wanted

    async def close(self) -> None:
        """Let the connection go; leaves the group, if there is one. Can be called twice."""
        await asyncio.to_thread(self._end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _assign(self, starts: Mapping[Place, int]) -> None:
        self._positions = dict(starts)
        self._at_end.clear()
        self._left_alone = set()
        self.client.assign([TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()])

    def _take(self, message: Message) -> KafkaRecord | None:
        at = (message.topic() or "", message.partition() or 0)
        problem = message.error()
        if problem is None:
            record = record_of(message)
            self._positions[at] = record.offset + 1
            self._at_end.discard(at)
            return record
        if not is_end(problem):
            raise self._meaning(problem)
        # The end lies behind the markers of transactions, which are no records.
        self._positions[at] = max(self._positions.get(at, 0), message.offset() or 0)
        self._at_end.add(at)
        return None

    def _meaning(self, problem: KafkaError) -> Exception:
        if problem.code() in OUTSIDE_LOG:
            return ConfigurationRefused(
                f"An offset to begin at lies outside the log: {problem.str()}. The topic was made anew or records were "
                "deleted; restore it, or begin afresh with an empty store."
            )
        return DependencyUnavailable(f"Kafka at {self._brokers}: {problem.str()}")

    def _end(self) -> None:
        # Waits for a read under way, in a thread that is not the one waited for.
        self._thread.shutdown(wait=True)
        self.client.close()

    async def _call(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


class ExclusiveRead(msgspec.Struct):
    """What one read of the active member brought."""

    records: list[KafkaRecord]
    next_offset: int
    at_end: bool
    """Whether everything that was there has been read."""


class ExclusiveConsumer:
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
        self._active = False
        config: dict[str, str | int | float | bool] = {
            "group.id": group,
            "session.timeout.ms": session_ms,
            "heartbeat.interval.ms": min(1_000, session_ms // 3),
            "max.poll.interval.ms": 86_400_000,
        }
        if instance:
            config["group.instance.id"] = instance
        self._consumer = AsyncConsumer(connection, {}, wait_ms=_LESSONS_MS, config=config)
        self._consumer.client.subscribe(
            [topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )

    @property
    def active(self) -> bool:
        """Whether this member has the partition and has begun to read."""
        return self._active

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Nothing is fetched before the caller has said where to begin.
        consumer.assign([])
        self._assigned = bool(partitions)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned = self._active = False

    async def read(self, max_wait_ms: int) -> ExclusiveRead | None:
        """The next records; nothing at all (None) while another member is active.

        Raises:
            ConfigurationRefused: the offset to begin at lies outside the log.
            DependencyUnavailable: the broker reports a problem.
        """
        if self._assigned and not self._active:
            await self._consumer.read_from({self._at: await self._start()})
            self._active = True
        records = await self._consumer.read(max_wait_ms)
        if not self._active:
            return None
        return ExclusiveRead(records, self._consumer.positions[self._at], self._consumer.at_end)

    async def close(self) -> None:
        """Leave the group at once, so that another member becomes active. Can be called twice."""
        self._on_revoke(self._consumer.client, [])
        await self._consumer.close()


async def read_all(connection: KafkaConnection, topic: str, partition: int = 0, start: int = 0) -> list[KafkaRecord]:
    """All committed records of a partition from ``start`` to its present end. For small topics and tests."""

    def read() -> list[KafkaRecord]:
        with PartitionLog(connection) as log:
            return list(log.read(topic, partition, max(start, log.bounds(topic, partition)[0])))

    return await asyncio.to_thread(read)


async def tail(
    connection: KafkaConnection,
    topics: Sequence[str],
    *,
    newest: int | None = 10,
    counts: Counts | None = None,
    follow: bool = False,
) -> AsyncIterator[KafkaRecord]:
    """The last ``newest`` records of each partition (all of them: None), then new ones as they come if ``follow``.

    Args:
        connection: where Kafka is.
        topics: their names.
        newest: how many of each partition.
        counts: whether a record counts towards the limit; those between that do not are given as well.
        follow: whether to go on.

    Raises:
        ConfigurationRefused: there is no such topic.
        DependencyUnavailable: the broker reports a problem.
    """
    starts = await asyncio.to_thread(_starts, connection, topics, newest, counts)
    async with AsyncConsumer(connection, starts, wait_ms=FOLLOW_MS if follow else _WAIT_MS) as consumer:
        while follow or not consumer.at_end:
            for record in await consumer.read(max_wait_ms=FOLLOW_MS):
                yield record


def _starts(
    connection: KafkaConnection, topics: Sequence[str], newest: int | None, counts: Counts | None
) -> dict[Place, int]:
    every = Topics(connection)
    starts: dict[Place, int] = {}
    with PartitionLog(connection) as log:
        for at in ((topic, p) for topic in topics for p in range(every.partitions(topic))):
            first, end = log.bounds(*at)
            if newest is None:
                starts[at] = first
            elif counts is None:
                starts[at] = max(first, end - newest)
            else:
                found = islice(filter(counts, log.backwards(*at, limit=2**62, settled=False)), newest)
                starts[at] = min((record.offset for record in found), default=first)
    return starts
