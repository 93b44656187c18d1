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
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.errors import NOT_LET_IN, OUTSIDE_LOG, UNREADABLE, is_end, is_fatal
from infra.kafka.fetching.broker_health import STATISTICS_MS, BrokerHealth
from infra.kafka.fetching.buffer import FetchedBatch, PartitionBuffer
from infra.kafka.fetching.readings import HIGH, Readings
from infra.settings import Settings
from schemas.errors import TendError

log = logging.getLogger(__name__)

_MOST = 1_000
"""Records taken at once."""
_WAIT_SECONDS = 0.1
_SHORT_WAIT_SECONDS = 0.02
"""How long a first record is waited for; and while a lane may name its place at any moment, or a topic is paused."""
_TOGETHER_SECONDS = 0.001
"""How long after a first record others are waited for: a shop writes an order and who placed it in one breath, and the
client hands over what one fetch brought topic by topic."""
_STATISTICS_MS_EACH = 5
"""What the client tells of a partition costs some 5 us to make and read: no more than a thousandth of the time."""
_HEARTBEAT_SECONDS = 1.0
_REBALANCE_SECONDS = 40.0
"""How long the group waits for a member that has not ended its lanes yet."""
_METADATA_MS = 5_000
"""How often topics are asked for: one that has grown is noticed, and one just made is found."""
_FOR_GOOD = NOT_LET_IN | UNREADABLE
_NAMED_ALIKE = (
    "Give each worker a TEND_GROUP_INSTANCE_ID of its own. If this one has: a group that has just moved to another "
    "broker may take a member for its predecessor, and it is enough to start it again."
)


class GroupMember(Protocol):
    """Who is told, on the event loop, what the group decides and what was fetched."""

    async def on_assigned(self, places: set[Place]) -> None:
        """These are ours from now on; nothing is read before a lane opens its partition."""
        ...

    async def on_revoked(self, places: set[Place]) -> None:
        """They are ours until this returns."""
        ...

    def on_fetched(self, batches: Sequence[FetchedBatch]) -> None:
        """These batches were fetched."""
        ...

    async def on_failed(self, reason: Exception) -> None:
        """The client has ended, for this reason."""
        ...


class Prefetcher:
    """Member of the workers' group, and reader of what it is given.

    Args:
        settings: addresses, group, fetch sizes.
        topics: what the group shares out; the p-th partitions of all go to one member.
        group_instance_id: a name that stays with this member over restarts.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], group_instance_id: str | None) -> None:
        partitions = len(topics) * settings.partitions
        self._health = BrokerHealth(max(STATISTICS_MS, partitions * _STATISTICS_MS_EACH))
        self._topics = tuple(topics)
        self._group = settings.group
        self._config = _config(settings, group_instance_id) | self._health.config() | {"error_cb": self._meet_error}
        self._fetch_bytes = settings.fetch_bytes
        self._numbers = count(1)
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._assigned: set[int] = set()
        self._readings: Readings | None = None
        self._problem: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="tend-prefetcher", daemon=True)

    @property
    def silence(self) -> float:
        """Seconds since the brokers of what is read, or any where nothing is, last answered."""
        return self._health.silence

    # ------------------------------------------------------------ asked on the event loop

    def start(self, member: GroupMember) -> None:
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
        readings = self._readings = Readings(client, self._fetch_bytes, self._bring, self._refuse)
        try:
            client.subscribe(
                list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
            )
            while not self._closing:
                self._do_what_is_asked()
                if self._health.doubtful:
                    log.info("A connection to Kafka was lost; asking again where logs end")
                    self._health.settled()
                    readings.renew()
                readings.look_after()
                self._take(self._some(readings), readings)
                if self._problem is not None:
                    raise self._problem
        except Exception as problem:  # noqa: BLE001 - whoever works with what it reads is told
            self._call(self._member.on_failed(problem))
        finally:
            self._do_what_is_asked()
            client.close()

    def _some(self, readings: Readings) -> list[Message]:
        """What has come; waits for the first of it, and a moment for what was written beside it on other topics."""
        self._health.reads = len(readings) > 0
        if (first := self._client.poll(0.0)) is not None:
            return [first, *self._client.consume(_MOST - 1, 0.0)]
        expecting = readings.is_soon_asked or len(readings) < len(self._assigned)
        first = self._client.poll(_SHORT_WAIT_SECONDS if expecting else _WAIT_SECONDS)
        # consume() alone would wait for the whole number of them.
        return [] if first is None else [first, *self._client.consume(_MOST - 1, _TOGETHER_SECONDS)]

    def _take(self, messages: list[Message], readings: Readings) -> None:
        """Set problems apart from what came."""
        came = [message for message in messages if (problem := message.error()) is None or is_end(problem)]
        if len(came) < len(messages):
            for message in messages:
                if (problem := message.error()) is not None and not is_end(problem):
                    self._meet(message, problem, readings)
        if came:
            self._health.heard()
            readings.sort(came)

    def _bring(self, batches: list[FetchedBatch]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._member.on_fetched, batches)

    def _refuse(self, buffer: PartitionBuffer, reason: Exception) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(buffer.end, reason)

    def _begin(self, buffer: PartitionBuffer, number: int, starts: Mapping[str, int]) -> None:
        if self._readings is not None and buffer.partition in self._assigned:
            self._readings.begin(buffer, number, starts)

    def _do_what_is_asked(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._asked.get_nowait()()

    def _commit(self, offsets: Mapping[Place, int]) -> None:
        told = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        try:
            if self._closing and self._assigned:
                self._client.commit(offsets=told, asynchronous=False)
            elif self._assigned:
                self._client.commit(offsets=told, asynchronous=True)
        except KafkaException as error:
            log.info("The group's offsets were not committed (they only show lag): %s", error)

    # ------------------------------------------------------------ the group

    def _on_assign(self, client: Consumer, places: list[TopicPartition]) -> None:
        # Nothing is fetched before a lane has said from where.
        client.assign([])
        self._assigned = {at.partition for at in places}
        self._call(self._member.on_assigned({(at.topic, at.partition) for at in places}))

    def _on_revoke(self, client: Consumer, places: list[TopicPartition]) -> None:
        if self._readings is not None:
            self._readings.clear()
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

    # ------------------------------------------------------------ what goes wrong

    def _meet_error(self, problem: KafkaError) -> None:
        """Of the client as a whole, on its own thread."""
        self._health.failed()
        if problem.code() in _FOR_GOOD or is_fatal(problem):
            self._problem = self._not_let_in(problem)

    def _meet(self, message: Message, problem: KafkaError, readings: Readings) -> None:
        named = message.partition()
        partition = -1 if named is None else named
        is_read = partition in readings
        if problem.code() in OUTSIDE_LOG:
            readings.miss(message.topic() or "", partition)
        elif is_fatal(problem) or (problem.code() in _FOR_GOOD and not is_read):
            self._problem = self._not_let_in(problem)
        elif problem.code() in _FOR_GOOD:
            said = f"Kafka does not let partition {partition} be read: {problem.str()}"
            readings.give_up(partition, TendError(said))
        else:
            log.info("Kafka: %s", problem.str())

    def _not_let_in(self, problem: KafkaError) -> TendError:
        said = f"Kafka does not let this worker join the group {self._group}: {problem.str()}"
        return TendError(f"{said}. {_NAMED_ALIKE}" if is_fatal(problem) else said)


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
        "queued.max.messages.kbytes": max(1_024, settings.fetch_bytes * HIGH * 2 // 1024),
        "fetch.queue.backoff.ms": 1,
        "reconnect.backoff.max.ms": 1_000,
    }
