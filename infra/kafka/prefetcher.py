"""The one Kafka client of a worker: it holds the group, and fetches ahead of the lanes on a thread of its own.

A partition number that the group has assigned is read once its lane has said from where. What is fetched is handed to
the event loop batch by batch; a topic of which enough waits there is paused, and begun again behind what came, so that
nothing is asked of whoever is paused. Nothing is remembered of earlier readings: each has a number, and what an earlier
one fetched is dropped by it and fetched again.

Only the thread asks the client: confluent-kafka lets one in at a time, and an event loop that asked from beside would
stand still for as long as the thread waits for records.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from infra.kafka.broker_health import EVERY_MS, BrokerHealth
from infra.kafka.buffer import RECORD_BYTES, FetchedBatch, FetchedRecords, PartitionBuffer
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import raw
from infra.kafka.retry import ask
from infra.settings import Settings
from schemas.errors import ConfigurationRefused, TendError

log = logging.getLogger(__name__)

Place = tuple[str, int]
"""Topic and partition."""

_HIGH, _LOW = 8, 2
"""Of a topic so many fetches lie ready at most; below so many it is read on."""
_MOST = 1_000
"""Records taken at once."""
_WAIT_SECONDS = 0.1
_SHORT_WAIT_SECONDS = 0.02
"""How long a first record is waited for; and while a lane may name its place at any moment, or a topic is paused."""
_TAKEN_SOON_SECONDS = 0.02
"""So long the thread waits for lanes to take what is too much, before it pauses: that drops what the client holds."""
_STATISTICS_MS_EACH = 5
"""What the client tells of a partition costs some 5 us to make and read: no more than a thousandth of the time."""
_HEARTBEAT_SECONDS = 1.0
_REBALANCE_SECONDS = 40.0
"""How long the group waits for a member that has not ended its lanes yet."""
_METADATA_MS = 5_000
"""How often topics are asked for: one that has grown is noticed, and one just made is found."""
_OUTSIDE_SECONDS = 3.0
_AGAIN_SECONDS = 0.2
_ANSWER_SECONDS = 10.0
_OUTSIDE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
_NEVER = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    KafkaError.INVALID_SESSION_TIMEOUT,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError._BAD_MSG,
    KafkaError._BAD_COMPRESSION,
}


class Member(Protocol):
    """Who is told, on the event loop, what the group decides and what was fetched."""

    async def on_assigned(self, places: set[Place]) -> None:
        """These are ours from now on; nothing is read before a lane opens its partition."""
        ...

    async def on_revoked(self, places: set[Place]) -> None:
        """They are ours until this returns."""
        ...

    def on_fetched(self, batches: Sequence[FetchedBatch]) -> None:
        """This came."""
        ...

    async def on_failed(self, reason: Exception) -> None:
        """The client has ended."""
        ...


class _Cursor(msgspec.Struct):
    """Where a topic's partition is read."""

    at: TopicPartition
    next_offset: int
    sent_bytes: int = 0
    paused: bool = False
    outside_since: float | None = None
    """Since when the place is not found in the log."""
    coming: FetchedRecords | None = None


class _Reading(msgspec.Struct):
    """One partition number as it is read."""

    number: int
    buffer: PartitionBuffer
    cursors: dict[str, _Cursor]
    sent_batches: int = 0


class Prefetcher:
    """Member of the workers' group, and reader of what it is given.

    Args:
        settings: addresses, group, fetch sizes.
        topics: what the group shares out; the p-th partitions of all go to one member.
        group_instance_id: a name that stays with this member over restarts.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], group_instance_id: str | None) -> None:
        partitions = len(topics) * settings.partitions
        self._health = BrokerHealth(max(EVERY_MS, partitions * _STATISTICS_MS_EACH))
        self._topics = tuple(topics)
        self._group = settings.group
        self._config = _config(settings, group_instance_id) | self._health.config() | {"error_cb": self._meet_error}
        self._high, self._low = settings.fetch_bytes * _HIGH, settings.fetch_bytes * _LOW
        self._numbers = count(1)
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._assigned: set[int] = set()
        self._readings: dict[int, _Reading] = {}
        self._placed: set[Place] = set()
        """What the client reads; all else has to be assigned to it."""
        self._unplaced: set[int] = set()
        self._paused: list[tuple[_Reading, _Cursor]] = []
        self._place_again_at: float | None = None
        self._problem: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="tend-prefetcher", daemon=True)

    @property
    def silence(self) -> float:
        """Seconds since the brokers of what is read last answered; 0 where nothing is read."""
        return self._health.silence if self._readings else 0.0

    # ------------------------------------------------------------ asked on the event loop

    def start(self, member: Member) -> None:
        """Join the group."""
        self._member, self._loop = member, asyncio.get_running_loop()
        self._thread.start()

    def open(self, partition: int, starts: Mapping[str, int]) -> PartitionBuffer:
        """Read this partition of these topics from these offsets on; an earlier reading of it is over."""
        number = next(self._numbers)
        buffer = PartitionBuffer(partition, number, starts, self._again)
        self._asked.put(partial(self._begin, buffer, number, dict(starts)))
        return buffer

    def _again(self, buffer: PartitionBuffer) -> None:
        log.warning("Partition %d: a batch went missing; reading again from there", buffer.partition)
        number = next(self._numbers)
        self._asked.put(partial(self._begin, buffer, number, buffer.continues_as(number)))

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tell the group how far lanes have come, so that lag can be shown. What goes wrong here harms nobody."""
        self._asked.put(partial(self._commit, dict(offsets)))

    async def close(self) -> None:
        """Leave the group and let the connections go."""
        self._closing = True
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        client = self._client = Consumer(self._config)
        try:
            client.subscribe(
                list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
            )
            while not self._closing:
                self._do_what_is_asked()
                self._look_after_places()
                self._sort(self._some())
                if self._problem is not None:
                    raise self._problem
        except Exception as problem:  # noqa: BLE001 - whoever works with what it reads is told
            self._call(self._member.on_failed(problem))
        finally:
            self._do_what_is_asked()
            client.close()

    def _some(self) -> list[Message]:
        """What has come; waits for the first of it, and gathers nothing more."""
        expecting = self._paused or self._place_again_at or len(self._readings) < len(self._assigned)
        first = self._client.poll(_SHORT_WAIT_SECONDS if expecting else _WAIT_SECONDS)
        # consume() alone would wait for the whole number of them.
        return [] if first is None else [first, *self._client.consume(_MOST - 1, 0.0)]

    def _do_what_is_asked(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._asked.get_nowait()()

    def _commit(self, offsets: Mapping[Place, int]) -> None:
        told = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        try:
            if self._assigned:
                self._client.commit(offsets=told, asynchronous=False)
        except KafkaException as error:
            log.info("The group's offsets were not committed (they only show lag): %s", error)

    # ------------------------------------------------------------ the group

    def _on_assign(self, client: Consumer, places: list[TopicPartition]) -> None:
        # Nothing is fetched before a lane has said from where.
        client.assign([])
        self._assigned = {at.partition for at in places}
        self._call(self._member.on_assigned({(at.topic, at.partition) for at in places}))

    def _on_revoke(self, client: Consumer, places: list[TopicPartition]) -> None:
        self._readings.clear()
        self._placed.clear()
        self._unplaced.clear()
        self._paused.clear()
        if not self._closing:
            self._call(self._member.on_revoked({(at.topic, at.partition) for at in places}))
        self._do_what_is_asked()
        self._assigned = set()
        client.unassign()

    def _call(self, told: Coroutine[Any, Any, None]) -> None:
        """Let the event loop do it, and wait for that."""
        try:
            doing = asyncio.run_coroutine_threadsafe(told, self._loop)
        except RuntimeError:  # the loop has ended meanwhile
            told.close()
            return
        while not doing.done() and not (self._closing and self._loop.is_closed()):
            with contextlib.suppress(TimeoutError):
                doing.result(_WAIT_SECONDS)

    # ------------------------------------------------------------ where to read

    def _begin(self, buffer: PartitionBuffer, number: int, starts: Mapping[str, int]) -> None:
        partition = buffer.partition
        if partition not in self._assigned:
            return
        cursors = {topic: _Cursor(TopicPartition(topic, partition, offset), offset) for topic, offset in starts.items()}
        self._readings[partition] = _Reading(number, buffer, cursors)
        self._paused = [(reading, cursor) for reading, cursor in self._paused if reading.buffer.partition != partition]
        self._unplaced.add(partition)

    def _look_after_places(self) -> None:
        """Let the client stand where readings are, and go on with what was paused and taken."""
        if self._health.doubtful:
            log.info("A connection to Kafka was lost; asking again where logs end")
            self._health.settled()
            self._renew()
            self._place_all()
        elif self._is_time_to_place_again() or (self._unplaced and not self._seek_to_unplaced()):
            self._place_all()
        self._resume_what_was_taken()

    def _is_time_to_place_again(self) -> bool:
        return self._place_again_at is not None and time.monotonic() >= self._place_again_at

    def _place_all(self) -> None:
        """Assign everything anew, each at its place."""
        self._place_again_at = None
        self._unplaced.clear()
        self._paused.clear()
        places = []
        for reading in self._readings.values():
            for cursor in reading.cursors.values():
                cursor.paused = False
                places.append(TopicPartition(cursor.at.topic, cursor.at.partition, cursor.next_offset))
        self._client.assign(places)
        self._placed = {(at.topic, at.partition) for at in places}

    def _seek_to_unplaced(self) -> bool:
        """Move the client for single partitions; False where it does not read them yet, or cannot be moved now."""
        cursors = [cursor for partition in self._unplaced for cursor in self._readings[partition].cursors.values()]
        known = all((cursor.at.topic, cursor.at.partition) in self._placed for cursor in cursors)
        if not (known and all(map(self._seek, cursors))):
            return False
        self._unplaced.clear()
        return True

    def _seek(self, cursor: _Cursor) -> bool:
        """Go on at the cursor's place, whether it was paused or not."""
        try:
            self._client.seek(TopicPartition(cursor.at.topic, cursor.at.partition, cursor.next_offset))
            self._client.resume([cursor.at])
        except KafkaException:
            return False
        cursor.paused = False
        return True

    def _renew(self) -> None:
        """Nothing is known any more of where logs end."""
        for reading in self._readings.values():
            for cursor in reading.cursors.values():
                cursor.coming = FetchedRecords(cursor.next_offset)
        self._hand_over(list(self._readings.values()))

    # ------------------------------------------------------------ what came

    def _sort(self, messages: Sequence[Message]) -> None:
        """By partition number and topic; what nobody reads any more is dropped."""
        if not messages:
            return
        found: dict[int, _Reading] = {}
        for message in messages:
            problem = message.error()
            if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                self._meet(message, problem)
                continue
            partition, topic = message.partition() or 0, message.topic() or ""
            reading = self._readings.get(partition)
            cursor = reading.cursors.get(topic) if reading is not None and partition not in self._unplaced else None
            if reading is None or cursor is None:
                continue
            found[partition] = reading
            coming = cursor.coming
            if coming is None:
                coming = cursor.coming = FetchedRecords(cursor.next_offset)
            if problem is None:
                _add(coming, message)
            else:
                # It may lie behind markers of transactions, which are no records.
                coming.next_offset, coming.at_end = max(coming.next_offset, message.offset() or 0), True
        if found:
            self._health.heard()
            self._hand_over(list(found.values()))
            self._pause_what_is_too_much(list(found.values()))

    def _hand_over(self, readings: Sequence[_Reading]) -> None:
        batches = [self._batch(reading) for reading in readings]
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._member.on_fetched, batches)

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
            self._client.pause([cursor.at for _, cursor in high])
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

    # ------------------------------------------------------------ what goes wrong

    def _meet_error(self, problem: KafkaError) -> None:
        """Of the client as a whole, on its own thread."""
        self._health.failed()
        if problem.code() in _NEVER or problem.fatal():
            self._problem = self._not_let_in(problem)

    def _meet(self, message: Message, problem: KafkaError) -> None:
        partition = message.partition()
        reading = self._readings.get(-1 if partition is None else partition)
        if problem.code() in _OUTSIDE:
            cursor = reading.cursors.get(message.topic() or "") if reading is not None else None
            if reading is not None and cursor is not None:
                self._miss(reading, cursor)
        elif problem.fatal() or (problem.code() in _NEVER and reading is None):
            self._problem = self._not_let_in(problem)
        elif problem.code() in _NEVER and reading is not None:
            said = f"Kafka does not let partition {partition} be read: {problem.str()}"
            self._give_up(reading, TendError(said))
        else:
            log.info("Kafka: %s", problem.str())

    def _not_let_in(self, problem: KafkaError) -> TendError:
        return TendError(f"Kafka does not let this worker join the group {self._group}: {problem.str()}")

    def _miss(self, reading: _Reading, cursor: _Cursor) -> None:
        """A place that is not in its log: for a moment that is nothing, after some seconds it is the end."""
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
        self._give_up(reading, refusal)

    def _give_up(self, reading: _Reading, reason: Exception) -> None:
        """One partition is read no more; its lane is told why."""
        del self._readings[reading.buffer.partition]
        self._unplaced.discard(reading.buffer.partition)
        self._place_again_at = time.monotonic()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(reading.buffer.end, reason)


def _add(coming: FetchedRecords, message: Message) -> None:
    """One record; unless it was there already, as what lies in the client may be fetched twice."""
    record = raw(message)
    if record.offset >= coming.next_offset:
        coming.records.append(record)
        coming.bytes += len(message) + RECORD_BYTES
        coming.next_offset, coming.at_end = record.offset + 1, False


def _config(settings: Settings, group_instance_id: str | None) -> dict[str, Any]:
    session_ms = int(settings.session_seconds * 1000)
    named = {"group.instance.id": group_instance_id} if group_instance_id else {}
    return {
        **KafkaConnection.of(settings).groupless(settings.fetch_wait_ms),
        **named,
        "client.id": "tend",
        "group.id": settings.group,
        # The p-th partitions of all topics stay together.
        "partition.assignment.strategy": "range",
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": min(int(_HEARTBEAT_SECONDS * 1000), session_ms // 4),
        "max.poll.interval.ms": max(int(_REBALANCE_SECONDS * 1000), session_ms),
        "topic.metadata.refresh.interval.ms": _METADATA_MS,
        "check.crcs": True,
        "fetch.message.max.bytes": settings.fetch_bytes,
        "queued.max.messages.kbytes": max(1_024, settings.fetch_bytes * _HIGH * 2 // 1024),
        "fetch.queue.backoff.ms": 1,
        "reconnect.backoff.max.ms": 1_000,
    }
