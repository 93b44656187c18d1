"""The one buffer between a fetch and a lane's batch: what has come of one partition number, topic by topic."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

import msgspec

from schemas.lane import KafkaRecord
from schemas.times import Millis

RECORD_BYTES = 200
"""What a record takes beside its value: a mebibyte of small ones would be tens of thousands of objects."""
_LOOK_MS: Millis = 1_000
_MISSING_SECONDS = 1.0


class PartitionRevoked(Exception):
    """The partition went to another worker, or its topics are not all ours: throw the lane away."""


class FetchedRecords(msgspec.Struct):
    """What one fetch brought of one topic's partition."""

    next_offset: int
    """Behind the last record and any transaction markers that followed it."""
    records: list[KafkaRecord] = []
    bytes: int = 0
    at_end: bool = False
    """Whether the log ended there with the broker's last answer."""
    end_offset: int = -1
    """Where the log ended with that answer; below 0 where that is not known."""


class FetchedBatch(msgspec.Struct):
    """What one fetch brought of all topics of one partition number: a message of the Faust agent's stream."""

    partition: int
    reading: int
    """Number of the reading (see ``PartitionBuffer``) that it belongs to: what an earlier one fetched is dropped."""
    number: int
    """Counts from 0 within the reading, so that one that went missing is noticed."""
    topics: dict[str, FetchedRecords] = {}


class _Log(msgspec.Struct):
    """What is buffered of one topic."""

    received: int
    """Where the next record to come may lie; behind markers that were seen."""
    at_end: bool = False
    furthest: int | None = None
    """The furthest end, or offset, that was ever known; None before anything was."""
    records: deque[KafkaRecord] = msgspec.field(default_factory=deque)
    received_bytes: int = 0
    taken_bytes: int = 0


class PartitionBuffer:
    """One reading of a partition number: its records from given offsets on, until it is closed.

    Lives on the event loop. The prefetcher's thread looks at ``taken_bytes`` and ``wanted`` from outside and pauses a
    topic of which enough lies here.

    Args:
        partition: the partition's number.
        reading: number of this reading; a batch of another one is dropped.
        starts: topics, and the offsets to begin at.
        again: called where a batch went missing, to begin a reading anew behind what has come.
    """

    def __init__(
        self, partition: int, reading: int, starts: Mapping[str, int], again: Callable[[PartitionBuffer], None]
    ) -> None:
        self.partition = partition
        self.reading = reading
        self.sent = reading, 0
        """Of which reading how many batches are on their way or here; told by the prefetcher."""
        self.wanted: dict[str, int] = {}
        """Offsets up to which a topic must be read, however much of it lies here."""
        self._logs = {topic: _Log(offset) for topic, offset in starts.items()}
        self._again = again
        self._received_batches = 0
        self._missing_since: float | None = None
        self._ended: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._is_over = False
        """Whether the present wait has taken as long as it may."""

    # ------------------------------------------------------------ the side of the fetch

    def put(self, batch: FetchedBatch) -> None:
        """Take in what was fetched next. What another reading fetched is dropped: it is fetched again."""
        if self._ended is not None or batch.reading != self.reading:
            return
        if batch.number != self._received_batches:
            self._again(self)
            return
        self._received_batches += 1
        for topic, fetched in batch.topics.items():
            self._add(self._logs[topic], fetched)
        self._wake()

    def _add(self, log: _Log, fetched: FetchedRecords) -> None:
        log.records.extend(fetched.records)
        log.received_bytes += fetched.bytes
        log.received, log.at_end = fetched.next_offset, fetched.at_end
        log.furthest = max(log.furthest or 0, fetched.next_offset, fetched.end_offset)

    def continues_as(self, reading: int) -> dict[str, int]:
        """From now on only batches of this reading count; where it has to begin."""
        self.reading, self._received_batches, self._missing_since = reading, 0, None
        for log in self._logs.values():
            log.at_end, log.received_bytes, log.taken_bytes = False, 0, 0
        return {topic: log.received for topic, log in self._logs.items()}

    def taken_bytes(self, topic: str) -> int:
        """How much of this reading was taken out again."""
        return self._logs[topic].taken_bytes

    def end(self, reason: Exception) -> None:
        """Nothing comes any more; whoever waits or reads is told why. The first reason counts."""
        self._ended = self._ended or reason
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # ------------------------------------------------------------ the side of the lane

    async def wait(self, topics: Iterable[str], max_wait_ms: Millis) -> bool:
        """Whether a record of these topics lies here; waits for one, no longer than that.

        Raises:
            PartitionRevoked: the partition is not ours any more.
            ConfigurationRefused: an offset lies outside the log.
            TendError: Kafka does not let the partition be read.
        """
        logs = [self._logs[topic] for topic in topics]
        await self._until(lambda: any(log.records for log in logs), max_wait_ms)
        return any(log.records for log in logs)

    async def reach(self, ends: Mapping[str, int]) -> None:
        """Wait until each topic is known up to its end. That nothing came is no end. Raises as ``wait`` does."""

        def reached() -> bool:
            return all(self._logs[topic].received >= end for topic, end in ends.items())

        self.wanted = dict(ends)
        while not reached():
            await self._until(reached, _LOOK_MS)
        self.wanted = {}

    async def _until(self, happened: Callable[[], bool], max_wait_ms: Millis) -> None:
        """Wait for a change, again and again until it has happened or time is up."""
        self._raise_if_ended()
        if happened():
            return
        loop = asyncio.get_running_loop()
        self._is_over = False
        ringing = loop.call_later(max_wait_ms / 1000, self._end_wait)
        try:
            while not (happened() or self._is_over):
                self._waiting = loop.create_future()
                await self._waiting
                self._raise_if_ended()
        finally:
            ringing.cancel()
            self._waiting = None
        if self._is_over:
            self._look_for_missing(loop.time())

    def _end_wait(self) -> None:
        self._is_over = True
        self._wake()

    def _look_for_missing(self, now: float) -> None:
        """A batch that does not come for a while has gone missing, with none behind it to show that."""
        reading, sent = self.sent
        if reading != self.reading or sent == self._received_batches:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = now
        elif now - self._missing_since > _MISSING_SECONDS:
            self._again(self)

    def _raise_if_ended(self) -> None:
        if self._ended is not None:
            raise self._ended

    def take(self, topic: str, *, limit: int | None = None, before: int | None = None) -> list[KafkaRecord]:
        """The next records of a topic: no more than ``limit``, none at or behind the offset ``before``."""
        log = self._logs[topic]
        records = log.records
        many = len(records) if limit is None else min(limit, len(records))
        if before is not None and many and records[many - 1].offset >= before:
            many = next(place for place, record in enumerate(records) if record.offset >= before)
        if many == len(records):
            taken = list(records)
            records.clear()
            log.taken_bytes = log.received_bytes
        else:
            taken = [records.popleft() for _ in range(many)]
            log.taken_bytes += sum(map(size_of, taken))
        return taken

    def holds(self, topic: str) -> bool:
        """Whether a record lies here."""
        return bool(self._logs[topic].records)

    def position(self, topic: str) -> int:
        """Where reading goes on: behind what was taken, and behind what lies there that is no record."""
        log = self._logs[topic]
        return log.records[0].offset if log.records else log.received

    def caught_up(self, topic: str) -> bool:
        """Whether all that could be read when the broker last answered has been taken."""
        log = self._logs[topic]
        return log.at_end and not log.records

    def lag(self, handled: Mapping[str, int]) -> dict[str, int]:
        """Records per topic between what is handled and the end of the log, as far as that is known."""
        return {
            topic: max(0, log.furthest - handled.get(topic, 0))
            for topic, log in self._logs.items()
            if log.furthest is not None
        }


def size_of(record: KafkaRecord) -> int:
    """The bytes that a record takes here."""
    return RECORD_BYTES + len(record.value or b"")
