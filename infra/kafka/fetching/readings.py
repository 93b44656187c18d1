"""Where a worker's one client reads, and what it brought: by partition number, within bounds, each record once.

All of it runs on the thread of the prefetcher, which alone asks the client.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from infra.kafka.errors import ask
from infra.kafka.fetching.buffer import RECORD_BYTES, FetchedBatch, FetchedRecords, PartitionBuffer
from infra.kafka.fetching.client_places import ClientPlaces
from infra.kafka.partition_log import record_of
from schemas.errors import ConfigurationRefused

HIGH, LOW = 8, 2
"""Fetches of a topic that lie ready at most, and below which it is read on."""
_TAKEN_SOON_SECONDS = 0.02
"""So long the thread waits for lanes to take what is too much, before it pauses: that drops what the client holds."""
_OUTSIDE_SECONDS = 3.0
_AGAIN_SECONDS = 0.2
_ANSWER_SECONDS = 10.0


class _Cursor(msgspec.Struct):
    """Where a topic's partition is read."""

    at: TopicPartition
    next_offset: int
    sent_bytes: int = 0
    paused: bool = False
    outside_since: float | None = None
    """Since when the place is not found in the log."""
    coming: FetchedRecords | None = None

    @property
    def next_place(self) -> TopicPartition:
        """Where reading goes on."""
        return TopicPartition(self.at.topic, self.at.partition, self.next_offset)


class _Reading(msgspec.Struct):
    """One partition number as it is read."""

    number: int
    buffer: PartitionBuffer
    cursors: dict[str, _Cursor]
    sent_batches: int = 0


class Readings:
    """The partition numbers that are read.

    Args:
        client: reads; it is a member of the group, and is assigned nothing yet.
        fetch_bytes: how much of a topic's partition one fetch brings at most.
        bring: told what came.
        refuse: told of a partition that can't be read, and why.
    """

    def __init__(
        self,
        client: Consumer,
        fetch_bytes: int,
        bring: Callable[[list[FetchedBatch]], None],
        refuse: Callable[[PartitionBuffer, Exception], None],
    ) -> None:
        self._client = client
        self._high, self._low = fetch_bytes * HIGH, fetch_bytes * LOW
        self._bring, self._refuse = bring, refuse
        self._readings: dict[int, _Reading] = {}
        self._places = ClientPlaces(client)
        self._unplaced: set[int] = set()
        self._paused: list[tuple[_Reading, _Cursor]] = []
        self._place_again_at: float | None = None

    def __contains__(self, partition: object) -> bool:
        return partition in self._readings

    def __len__(self) -> int:
        return len(self._readings)

    @property
    def is_soon_asked(self) -> bool:
        """Whether something may have to be done in a moment, though nothing came."""
        return bool(self._paused) or self._place_again_at is not None

    def clear(self) -> None:
        """Nothing is read any more."""
        self._readings.clear()
        self._places.clear()
        self._unplaced.clear()
        self._paused.clear()

    def begin(self, buffer: PartitionBuffer, number: int, starts: Mapping[str, int]) -> None:
        """Read this partition from these offsets on; an earlier reading of it is over."""
        partition = buffer.partition
        cursors = {topic: _Cursor(TopicPartition(topic, partition, offset), offset) for topic, offset in starts.items()}
        self._readings[partition] = _Reading(number, buffer, cursors)
        self._paused = [(reading, cursor) for reading, cursor in self._paused if reading.buffer.partition != partition]
        self._unplaced.add(partition)

    def look_after(self) -> None:
        """Let the client stand where readings are, and go on with what was paused and taken."""
        if self._is_time_to_place_again() or (self._unplaced and not self._seek_to_unplaced()):
            self._place_all()
        self._resume_what_was_taken()

    def _is_time_to_place_again(self) -> bool:
        return self._place_again_at is not None and time.monotonic() >= self._place_again_at

    def _place_all(self) -> None:
        """Assign everything anew, each at its place."""
        self._place_again_at = None
        self._unplaced.clear()
        self._paused.clear()
        cursors = [cursor for reading in self._readings.values() for cursor in reading.cursors.values()]
        for cursor in cursors:
            cursor.paused = False
        self._places.assign([cursor.next_place for cursor in cursors])

    def _seek_to_unplaced(self) -> bool:
        """Move the client for single partitions; False where it does not read them yet, or cannot be moved now."""
        cursors = [cursor for partition in self._unplaced for cursor in self._readings[partition].cursors.values()]
        if not (all(cursor.at in self._places for cursor in cursors) and all(map(self._seek, cursors))):
            return False
        self._unplaced.clear()
        return True

    def _seek(self, cursor: _Cursor) -> bool:
        """Go on at the cursor's place, whether it was paused or not; False where the client cannot be moved now."""
        if moved := self._places.seek(cursor.next_place):
            cursor.paused = False
        return moved

    def renew(self) -> None:
        """Nothing is known any more of where logs end: ask again."""
        for reading in self._readings.values():
            for cursor in reading.cursors.values():
                cursor.coming = FetchedRecords(cursor.next_offset)
        self._hand_over(list(self._readings.values()))
        self._place_all()

    # ------------------------------------------------------------ what came

    def sort(self, messages: Sequence[Message]) -> None:
        """Hand over records, and ends of logs, by partition number; what nobody reads any more is dropped."""
        found: dict[int, _Reading] = {}
        for message in messages:
            partition, topic = message.partition() or 0, message.topic() or ""
            reading = self._readings.get(partition)
            cursor = reading.cursors.get(topic) if reading is not None and partition not in self._unplaced else None
            if reading is None or cursor is None:
                continue
            found[partition] = reading
            coming = cursor.coming
            if coming is None:
                coming = cursor.coming = FetchedRecords(cursor.next_offset)
            if message.error() is None:
                _add(coming, message)
            else:
                # It may lie behind markers of transactions, which are no records.
                coming.next_offset, coming.at_end = max(coming.next_offset, message.offset() or 0), True
        if found:
            self._hand_over(list(found.values()))
            self._pause_what_is_too_much(list(found.values()))

    def _hand_over(self, readings: Sequence[_Reading]) -> None:
        self._bring([self._batch(reading) for reading in readings])

    def _batch(self, reading: _Reading) -> FetchedBatch:
        topics: dict[str, FetchedRecords] = {}
        for topic, cursor in reading.cursors.items():
            coming, cursor.coming = cursor.coming, None
            if coming is None:
                continue
            if coming.records:
                self._look_for_end(cursor, coming)
            cursor.next_offset, cursor.outside_since = coming.next_offset, None
            cursor.sent_bytes += coming.bytes
            topics[topic] = coming
        batch = FetchedBatch(reading.buffer.partition, reading.number, reading.sent_batches, topics)
        reading.sent_batches += 1
        reading.buffer.sent = reading.number, reading.sent_batches
        return batch

    def _look_for_end(self, cursor: _Cursor, coming: FetchedRecords) -> None:
        """Where the log ended when this was fetched, or later: no further answer is needed where this is all."""
        with contextlib.suppress(KafkaException):
            coming.end_offset = self._client.get_watermark_offsets(cursor.at, cached=True)[1]
            coming.at_end = coming.at_end or coming.end_offset == coming.next_offset

    # ------------------------------------------------------------ no more than fits

    def _is_high(self, reading: _Reading, cursor: _Cursor, bound: int) -> bool:
        topic, buffer = cursor.at.topic, reading.buffer
        lies = cursor.sent_bytes - buffer.taken_bytes(topic)
        return lies > bound and cursor.next_offset >= buffer.wanted.get(topic, 0)

    def _pause_what_is_too_much(self, readings: Sequence[_Reading]) -> None:
        deadline = time.monotonic() + _TAKEN_SOON_SECONDS
        while high := [
            (reading, cursor)
            for reading in readings
            for cursor in reading.cursors.values()
            if not cursor.paused and self._is_high(reading, cursor, self._high)
        ]:
            if time.monotonic() < deadline:
                time.sleep(0.001)
                continue
            self._places.pause([cursor.at for _, cursor in high])
            for reading, cursor in high:
                cursor.paused = True
                # A log that nobody reads may grow: that this was its end is not true for long.
                cursor.coming = FetchedRecords(cursor.next_offset)
                self._paused.append((reading, cursor))
            self._hand_over([reading for reading, _ in high])

    def _resume_what_was_taken(self) -> None:
        taken = [one for one in self._paused if not self._is_high(*one, self._low)]
        if not taken:
            return
        self._paused = [one for one in self._paused if one not in taken]
        for _, cursor in taken:
            if not self._seek(cursor):
                self._place_all()
                return

    def miss(self, topic: str, partition: int) -> None:
        """A place that is not in its log: for a moment that is nothing, after some seconds it is the end."""
        reading = self._readings.get(partition)
        cursor = reading.cursors.get(topic) if reading is not None else None
        if reading is None or cursor is None:
            return
        now = time.monotonic()
        if cursor.outside_since is None:
            cursor.outside_since = now
        self._place_again_at = now + _AGAIN_SECONDS
        if now - cursor.outside_since < _OUTSIDE_SECONDS:
            return
        try:
            first, end = ask(lambda: self._client.get_watermark_offsets(cursor.at, timeout=_ANSWER_SECONDS))
        except KafkaException:
            return  # nobody answers, so nobody has refused
        refusal = ConfigurationRefused(
            f"The store's offsets lie outside the log ({cursor.at.topic} partition {cursor.at.partition}: "
            f"{cursor.next_offset} asked, the log holds {first} to {end}). Events were deleted before they were "
            "handled, or the topic was made anew. Restore the topic, or begin afresh with an empty store (tend replay "
            "rebuilds it)."
        )
        self.give_up(partition, refusal)

    def give_up(self, partition: int, reason: Exception) -> None:
        """One partition is read no more; its lane is told why."""
        reading = self._readings.pop(partition)
        self._unplaced.discard(partition)
        self._place_again_at = time.monotonic()
        self._refuse(reading.buffer, reason)


def _add(coming: FetchedRecords, message: Message) -> None:
    """One record; unless it was there already, as what lies in the client may be fetched twice."""
    record = record_of(message)
    if record.offset >= coming.next_offset:
        coming.records.append(record)
        coming.bytes += len(message) + RECORD_BYTES
        coming.next_offset, coming.at_end = record.offset + 1, False
