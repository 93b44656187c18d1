"""Publishing what a lane has decided: in order, each entry once, with the position published beside it.

On Kafka each publish is one transaction, which carries the last sequence to the lane's partition of
``tend.positions`` as well: a new owner fences an older one by opening, and reads from that record how far the
older one came. On a broker without transactions the position follows its entries, and what was published
beyond it is found by reading the tails of the partitions that entries go to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, Producer

from infra.kafka.beyond import Beyond, Place
from infra.kafka.connection import KafkaConnection
from infra.kafka.positions import POSITIONS_TOPIC, mark_of, own_position, position_record
from infra.kafka.transactions import end_left_open
from schemas.errors import DependencyAway, Fenced, TendError
from schemas.lane import OutboxEntry

_SECONDS = 20.0
_TRANSACTION_MS = 30_000
_DELIVERY_MS = 15_000

_FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}
_FOLLOWS = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._STATE}
_NEVER = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
_FIX = "Raise the topic's max.message.bytes or grant the rights, then restart the worker."
_T = TypeVar("_T")


class Publisher:
    """The one producer of a lane.

    Args:
        connection: where Kafka is.
        partition: the lane's number; names the transactional id and the partition of the positions.
        transactional: what ``supports_transactions`` said of the broker.
        group: the installation's consumer group; two installations on one broker do not fence each other.
    """

    def __init__(
        self, connection: KafkaConnection, partition: int, *, transactional: bool, group: str = "tend"
    ) -> None:
        self.partition = partition
        self._connection = connection
        self._transactional = transactional
        self._name = f"{group}-lane-{partition}"
        self._producer: Producer | None = None
        self._published = 0
        self._left_open = False
        """A transaction of an earlier owner's is open in the logs, and its broker does not know of it any more."""
        self._beyond = Beyond(connection, partition)
        self._gone_on_from = 0
        self._problems: list[KafkaError] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)

    @property
    def published(self) -> int:
        """The last sequence known to be published, with all before it."""
        return self._published

    async def open(self) -> int:
        """Fence every older owner and return the last sequence published. Can be called again after Fenced.

        Raises:
            DependencyAway: no broker answers for now.
        """
        return await self._in_thread(self._open)

    async def publish(self, entries: Sequence[OutboxEntry]) -> int:
        """Publish the entries, which follow each other, and return the last sequence published.

        Entries up to the published position are skipped, so it is safe to call again with the same ones; and those of
        the call before belong in front of them. Only once Kafka has begun the next transaction is it certain that no
        crash of its own makes it forget the last one, which is published again then.

        Raises:
            Fenced: another owner has opened; open again if the partition is still ours.
            DependencyAway: the broker did not take them (or did not say so); call again.
            TendError: an entry is missing between the position and the first of these, or Kafka will never take one.
        """
        return await self._in_thread(lambda: self._publish(entries))

    async def pass_over(self, sequence: int, places: Sequence[Place]) -> int:
        """Never again publish an id that is out with a higher sequence; returns the highest sequence that is out.

        For a store that has lost its last moments, where a clock takes part: what is decided again may come under
        another sequence, and only its id says that it is out already. The lane goes on behind the sequence returned.

        Args:
            sequence: what the store remembers.
            places: topics and partitions that the lane publishes to.

        Raises:
            DependencyAway: no broker answers for now.
        """
        return await self._in_thread(lambda: self._pass_over(sequence, places))

    async def close(self) -> None:
        """Let the connection go; what was not acknowledged counts as not published. Can be called twice."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        # Waits for a call under way, in a thread that is not the one waited for.
        self._thread.shutdown(wait=True)
        self._drop()

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _open(self) -> int:
        self._drop()
        # First end what an older owner has begun, then read how far it came: the other way round it may still move.
        producer = self._new_producer()
        self._published, self._left_open = own_position(self._connection, self.partition)
        self._beyond.begin(self._published)
        self._producer = producer
        return self._published

    def _pass_over(self, sequence: int, places: Sequence[Place]) -> int:
        # With transactions nothing is out beyond the position; without, what was sent just before it may be.
        if self._transactional and self._published <= sequence:
            return self._published
        self._beyond.pass_over(sequence, places)
        self._gone_on_from = max(self._published, self._beyond.highest)
        return self._gone_on_from

    def _new_producer(self) -> Producer:
        if not self._transactional:
            # Without idempotence a retry may double or reorder; a failed send is looked up in the log instead.
            return Producer(
                self._connection.librdkafka(
                    acks="all", retries=0, max_in_flight=1, linger_ms=5, message_timeout_ms=_DELIVERY_MS
                )
            )
        producer = Producer(
            self._connection.librdkafka(
                transactional_id=self._name,
                transaction_timeout_ms=_TRANSACTION_MS,
                message_timeout_ms=_DELIVERY_MS,
                linger_ms=5,
            )
        )
        try:
            producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DependencyAway(f"{self._name} could not begin: {error.args[0].str()}") from error
        return producer

    def _publish(self, entries: Sequence[OutboxEntry]) -> int:
        if self._producer is None:
            self._open()
        waiting = [entry for entry in entries if entry.sequence > self._published]
        if not waiting:
            return self._published
        self._check_nothing_is_missing(waiting[0])
        self._problems.clear()
        try:
            if self._transactional:
                self._in_one_transaction(waiting)
            else:
                self._one_after_the_other(waiting)
        except (KafkaException, BufferError, DependencyAway) as error:
            self._drop()
            raise self._meaning(error) from error
        self._published = waiting[-1].sequence
        self._beyond.published(self._published)
        return self._published

    def _check_nothing_is_missing(self, first: OutboxEntry) -> None:
        if first.sequence > max(self._published, self._gone_on_from) + 1:
            raise TendError(
                f"Lane {self.partition} was asked to publish entry {first.sequence}, but the last one published is "
                f"{self._published}: those between are not in the outbox. Store and broker do not belong together; "
                "restore the one that was exchanged."
            )

    def _in_one_transaction(self, entries: Sequence[OutboxEntry]) -> None:
        producer = self._running()
        if self._left_open and (places := self._beyond.unsearched(entries)):
            end_left_open(producer, {(POSITIONS_TOPIC, self.partition), *places})
            self._beyond.search(places)
        producer.begin_transaction()
        for entry in self._beyond.not_out(entries):
            self._send(producer, entry)
        self._send(producer, position_record(self.partition, entries[-1].sequence))
        producer.commit_transaction(_SECONDS)

    def _one_after_the_other(self, entries: Sequence[OutboxEntry]) -> None:
        self._beyond.search(self._beyond.unsearched(entries))
        self._deliver(self._beyond.not_out(entries))
        self._deliver([position_record(self.partition, entries[-1].sequence)])

    def _deliver(self, entries: Sequence[OutboxEntry]) -> None:
        producer = self._running()
        for entry in entries:
            self._send(producer, entry)
        left = producer.flush(_SECONDS)
        if self._problems:
            raise KafkaException(self._problems[0])
        if left:
            raise DependencyAway(f"{self._name}: {left} of {len(entries)} not acknowledged")

    def _delivered(self, problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            self._problems.append(problem)

    def _send(self, producer: Producer, entry: OutboxEntry) -> None:
        headers: list[tuple[str, str | bytes | None]] = [
            *entry.headers,
            mark_of(self.partition, entry.sequence),
        ]
        while True:
            try:
                producer.produce(
                    entry.topic, entry.value, entry.key, entry.partition, on_delivery=self._delivered, headers=headers
                )
                return
            except BufferError:
                producer.poll(0.1)

    def _meaning(self, error: Exception) -> Exception:
        if not isinstance(error, KafkaException):
            return DependencyAway(str(error))
        if error.args[0].code() in _FENCED:
            return Fenced(f"{self._name} was opened by another owner")
        # A transaction that fails does not name the entry's own problem.
        problem = next((one for one in self._problems if one.code() not in _FOLLOWS), error.args[0])
        if problem.code() in _NEVER:
            return TendError(f"Kafka never takes what lane {self.partition} wants to publish: {problem.str()}. {_FIX}")
        return DependencyAway(f"{self._name}: {problem.str()}")

    def _running(self) -> Producer:
        if self._producer is None:
            raise DependencyAway(f"{self._name} is not open")
        return self._producer

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # Its transaction, if any, is ended by whoever opens next; its queue must not go out after that.
        with contextlib.suppress(KafkaException):
            producer.purge(in_queue=True, in_flight=True, blocking=False)
        # One that was fenced says so at each call, here too; whoever called has been told already.
        with contextlib.suppress(KafkaException):
            producer.flush(0)
