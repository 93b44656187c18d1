"""Producers beside the lanes: much at once, one record that is safe, and one announcer of something to everybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from infra.kafka.connection import KafkaConnection
from infra.kafka.errors import problem_of
from infra.kafka.transactional_producer import TransactionalProducer
from schemas.errors import DependencyUnavailable
from schemas.times import Millis

log = logging.getLogger(__name__)

_BULK_QUEUE = 100_000
_BULK_SECONDS = 300.0
"""Without a single acknowledgement: longer than a broker takes to start again, or a cluster to do without one."""
_BULK_LOOK_SECONDS = 1.0
_BULK_SERVE_EVERY = 500
_NEVER = 0
_ACKNOWLEDGED_SECONDS = 15.0
_POLL_SECONDS = 0.1
_BROADCAST_BYTES = 8_388_608


class BulkProducer:
    """For replays and imports: a producer whose ``flush`` says where each partition ends.

    Calls block; use one thread at a time. It waits for all in-sync replicas, keeps the order within a partition, and
    outlasts brokers that restart: it gives up only where nothing at all has been acknowledged for five minutes.

    Args:
        connection: where Kafka is.
        clock: seconds.
    """

    def __init__(self, connection: KafkaConnection, clock: Callable[[], float] = time.monotonic) -> None:
        self._brokers, self._clock = connection.brokers, clock
        self._producer = Producer(
            connection.librdkafka(
                acks="all",
                enable_idempotence=True,
                max_in_flight=1,  # several, of which one fails, may be sent twice (librdkafka's issue 4953)
                linger_ms=5,
                batch_num_messages=10_000,
                queue_buffering_max_messages=_BULK_QUEUE,
                message_timeout_ms=_NEVER,  # a record that waits for its broker's restart is no failure
            )
            | {"on_delivery": self._delivered}
        )
        self._ends: dict[tuple[str, int], int] = {}
        self._problem: KafkaError | None = None
        self._since_served = 0
        self._moved = 0.0

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
        waiting: float | None = None
        try:
            while True:
                try:
                    self._producer.produce(
                        topic, value, key, partition, timestamp=timestamp, headers=list(headers) or None
                    )
                    break
                except BufferError:
                    waiting = waiting or self._clock()
                    self._producer.poll(0.05)
                    self._check()
                    self._check_that_it_moves(waiting)
            self._since_served += 1
            if self._since_served >= _BULK_SERVE_EVERY:
                self._since_served = 0
                self._producer.poll(0)
        except KafkaException as error:
            raise self._not_delivered(problem_of(error)) from error
        self._check()

    def flush(self) -> dict[tuple[str, int], int]:
        """Wait until all is delivered; the offset behind the last record sent, by topic and partition.

        Only partitions that this producer has sent to appear, with what it has sent since it was made.

        Raises:
            DependencyUnavailable: a record was not delivered.
        """
        began = self._clock()
        try:
            while self._producer.flush(min(_BULK_LOOK_SECONDS, _BULK_SECONDS)):
                self._check()
                self._check_that_it_moves(began)
        except KafkaException as error:
            raise self._not_delivered(problem_of(error)) from error
        self._check()
        return dict(self._ends)

    def close(self) -> None:
        """Deliver what is queued and let the connection go. Raises as ``flush`` does."""
        self.flush()

    def _delivered(self, problem: KafkaError | None, message: Message) -> None:
        if problem is not None:
            self._problem = self._problem or problem
            return
        self._moved = self._clock()
        at = (message.topic() or "", message.partition() or 0)
        self._ends[at] = max(self._ends.get(at, 0), (message.offset() or 0) + 1)

    def _check(self) -> None:
        if self._problem is not None:
            raise self._not_delivered(self._problem)

    def _not_delivered(self, problem: KafkaError) -> DependencyUnavailable:
        return DependencyUnavailable(f"Kafka at {self._brokers}: a record was not delivered: {problem.str()}")

    def _check_that_it_moves(self, waiting: float) -> None:
        if self._clock() - max(waiting, self._moved) >= _BULK_SECONDS:
            raise DependencyUnavailable(
                f"{len(self._producer)} records were not delivered: Kafka at {self._brokers} has acknowledged none for "
                f"{_BULK_SECONDS:.0f} s"
            )


class SafeRecord(NamedTuple):
    """A record whose sender waits until it is safe."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


class AcknowledgedProducer:
    """For doors that answer once a record is safe: each call returns when all in-sync replicas have it.

    Any number of calls may be under way at once: what is sent at one time travels together. Where a broker comes back
    without what it had acknowledged, an idempotent client does nothing more; another one takes its place.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._brokers = connection.brokers
        self._config = connection.librdkafka(
            acks="all", enable_idempotence=True, linger_ms=2, message_timeout_ms=int(_ACKNOWLEDGED_SECONDS * 1000)
        )
        self._producer = Producer(self._config)
        self._given_up: list[Producer] = []
        """Those that still have to say of records that they were not delivered."""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="tend-acknowledged", daemon=True)
        self._thread.start()

    async def send(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        """Send a record and return its offset once it is safe.

        Raises:
            DependencyUnavailable: it was not acknowledged in time. It may have arrived all the same: send it again as
            it is.
        """
        return await self.send_all((SafeRecord(topic, partition, key, value, headers),))

    async def send_all(self, records: Sequence[SafeRecord]) -> int:
        """Send several, in this order; the offset of the one that became safe last.

        The loop is woken once, when all are safe, and not for each record.

        Raises:
            DependencyUnavailable: one was not acknowledged in time; as with ``send``.
        """
        if not records:
            return 0
        loop, producer = asyncio.get_running_loop(), self._producer
        answer: asyncio.Future[int] = loop.create_future()
        left = len(records)
        first: KafkaError | None = None

        def delivered(problem: KafkaError | None, message: Message) -> None:
            nonlocal left, first
            left -= 1
            first = problem if first is None else first
            if not left:
                loop.call_soon_threadsafe(_settle, answer, first, message.offset() or 0)

        try:
            for topic, partition, key, value, headers in records:
                producer.produce(topic, value, key, partition, headers=list(headers) or None, on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers} takes no more: {error}") from error
        try:
            return await answer
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers}: {problem_of(error).str()}") from error

    async def close(self) -> None:
        """Deliver what is under way and let the connection go."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with contextlib.suppress(KafkaException):
            self._producer.flush(_ACKNOWLEDGED_SECONDS)
        self._ending.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ending.is_set():
            for old in self._given_up:
                with contextlib.suppress(KafkaException):
                    old.poll(0)
            self._given_up = [old for old in self._given_up if len(old)]
            try:
                self._producer.poll(_POLL_SECONDS)
            except KafkaException as error:  # told once, of a client that does nothing more
                log.error("Kafka at %s: %s; going on with a new client", self._brokers, problem_of(error).str())
                self._given_up.append(self._producer)
                self._producer = Producer(self._config)


def _settle(answer: asyncio.Future[int], problem: KafkaError | None, offset: int) -> None:
    if answer.done():
        return
    if problem is None:
        answer.set_result(offset)
    else:
        answer.set_exception(KafkaException(problem))


class BroadcastProducer:
    """The one producer of an installation that tells everybody something, such as a new rulebook.

    Writes single records to partition 0 of a topic, each acknowledged by all replicas before the next.

    Args:
        connection: where Kafka is.
        name: its transactional id: opening fences an older producer of this name.
    """

    def __init__(self, connection: KafkaConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._producer: TransactionalProducer | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def open(self) -> None:
        """Fence older producers of this name.

        Raises:
            DependencyUnavailable: no broker answers.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def announce(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Write one record and wait until it is safe.

        Raises:
            Fenced: a newer producer of this name has opened.
            DependencyUnavailable: the broker did not take it, or did not say so: look what is out, then open again.
            TendError: Kafka will never take it.
        """
        await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._announce(topic, key, value, headers)
        )

    async def close(self) -> None:
        """Close the connection."""
        self._producer = None
        self._thread.shutdown(wait=False)

    def _open(self) -> None:
        self._producer = TransactionalProducer(self._connection, self._name, message_max_bytes=_BROADCAST_BYTES)

    def _announce(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        # Never opened on the way: who was frozen and wakes would fence the one that has taken over.
        producer, self._producer = self._producer, None
        if producer is None:
            raise DependencyUnavailable(f"{self._name} has to be opened again")
        try:
            with producer.transaction():
                producer.send(topic, 0, key, value, headers)
        except Exception:
            producer.drop()
            raise
        self._producer = producer
