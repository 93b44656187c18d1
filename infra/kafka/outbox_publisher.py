"""Publishing what a lane has decided: in order, each entry once, with the position published beside it.

Each publish is one transaction, which carries the last sequence to the lane's partition of ``tend.positions`` as
well: a new owner fences an older one by opening, and reads from that record how far the older one came.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, Producer

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.producers import FENCED, leave_to_the_call
from infra.kafka.published_position import AlreadyPublished, Position, mark_of, own_position, position_record
from schemas.errors import DependencyUnavailable, Fenced, TendError
from schemas.lane import OutboxEntry
from schemas.signing import Signing
from schemas.topics import LESSONS, POSITIONS

_SECONDS = 20.0
_TRANSACTION_MS = 30_000
_DELIVERY_MS = 15_000
_FOLLOWS = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._STATE}
_NEVER = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
_FIX = "Raise the topic's max.message.bytes or grant the rights, then restart the worker."
_SIGNED = frozenset({LESSONS, POSITIONS})
_T = TypeVar("_T")


class OutboxPublisher:
    """The one producer of a lane.

    Args:
        connection: where Kafka is.
        partition: the lane's number; names the transactional id and the partition of the positions.
        signing: signs what programs of the installation read of each other, and knows it again.
        group: the installation's consumer group; two installations on one broker do not fence each other.
        refused: counts records of internal topics that were left out, by topic.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        partition: int,
        signing: Signing,
        *,
        group: str = "tend",
        refused: Counter[str] | None = None,
    ) -> None:
        self.partition = partition
        self._signing = signing
        self._refused = Counter[str]() if refused is None else refused
        self._connection = connection
        self._name = f"{group}-lane-{partition}"
        self._producer: LaneProducer | None = None
        self._published = 0
        self._left_open = False
        """A transaction of an earlier owner's is open in the logs, and its broker does not know of it any more."""
        self._already = AlreadyPublished(connection, partition)
        self._gone_on_from = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=self._name)

    @property
    def published(self) -> int:
        """The last sequence known to be published, with all before it."""
        return self._published

    async def open(self, known: int = 0) -> int:
        """Fence every older owner and return the last sequence published. Can be called again after Fenced.

        Args:
            known: what the store knows to be out; counts only where the log holds no position that is ours, as from
                an earlier version that did not sign, or under what somebody else has written there.

        Raises:
            DependencyUnavailable: no broker answers for now.
            TendError: neither log nor store tell how far the lane has come.
        """
        await self._in_thread(lambda: self._begin(known))
        return self._published

    async def publish(self, entries: Sequence[OutboxEntry]) -> int:
        """Publish the entries, which follow each other, and return the last sequence published.

        Entries up to the published position are skipped, so it is safe to call again with the same ones; and those of
        the call before belong in front of them. Only once Kafka has begun the next transaction is it certain that no
        crash of its own makes it forget the last one, which is published again then.

        Raises:
            Fenced: another owner has opened; open again if the partition is still ours.
            DependencyUnavailable: the broker did not take them (or did not say so); call again.
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
            DependencyUnavailable: no broker answers for now.
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

    def _begin(self, known: int = 0) -> LaneProducer:
        self._drop()
        # First end what an older owner has begun, then read how far it came: the other way round it may still move.
        producer = self._new_producer()
        position = own_position(self._connection, self.partition, self._signing)
        self._refused[POSITIONS] += position.refused
        self._published, self._left_open = self._come_to(position, known), position.left_open
        if position.sequence is None and self._published:
            self._left_open = True  # what is out beyond it is looked for in the same way
        self._already.begin(self._published)
        self._producer = producer
        return producer

    def _come_to(self, position: Position, known: int) -> int:
        if position.sequence is not None:
            return position.sequence
        if not position.refused:
            return 0
        if not known:
            raise TendError(
                f"{POSITIONS}, partition {self.partition}: none of its {position.refused} records is signed with "
                "TEND_ALMANAC_KEY, and the store holds nothing of what the lane has published. Set the key with which "
                "they were written; or, where the lane has never run, find out who writes to that topic and make it "
                "anew."
            )
        return known

    def _new_producer(self) -> LaneProducer:
        return LaneProducer(self._connection, self.partition, self._name, self._signing)

    def _pass_over(self, sequence: int, places: Sequence[Place]) -> int:
        # Nothing is out beyond the position.
        if self._published <= sequence:
            return self._published
        self._already.pass_over(sequence, places)
        self._gone_on_from = max(self._published, self._already.highest)
        return self._gone_on_from

    def _publish(self, entries: Sequence[OutboxEntry]) -> int:
        producer = self._producer or self._begin()
        waiting = [entry for entry in entries if entry.sequence > self._published]
        if not waiting:
            return self._published
        self._check_nothing_is_missing(waiting[0])
        try:
            self._deliver(producer, waiting)
        except Exception:
            # Nobody knows how much of it is out: whoever opens next looks.
            self._drop()
            raise
        self._published = waiting[-1].sequence
        self._already.published(self._published)
        return self._published

    def _check_nothing_is_missing(self, first: OutboxEntry) -> None:
        if first.sequence > max(self._published, self._gone_on_from) + 1:
            raise TendError(
                f"Lane {self.partition} was asked to publish entry {first.sequence}, but the last one published is "
                f"{self._published}: those between are not in the outbox. Store and broker do not belong together; "
                "restore the one that was exchanged."
            )

    def _deliver(self, producer: LaneProducer, entries: Sequence[OutboxEntry]) -> None:
        # Beyond the position something is out only where the broker forgot to end a transaction.
        if self._left_open and (places := self._already.unsearched(entries)):
            producer.end_left_open({(POSITIONS, self.partition), *places})
            self._already.search(places)
        producer.deliver(self._already.not_out(entries), position_record(self.partition, entries[-1].sequence))

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.drop()


class LaneProducer:
    """One life of a lane's transactional producer; it begins by fencing every older one of its name. Its calls block.

    What it sends lies in the log together, or its caller begins another one.

    Args:
        connection: where Kafka is.
        partition: the lane's number.
        name: the transactional id.
        signing: signs what programs of the installation read of each other.

    Raises:
        DependencyUnavailable: no broker answers for now.
    """

    def __init__(self, connection: KafkaConnection, partition: int, name: str, signing: Signing) -> None:
        self._partition, self._name, self._signing = partition, name, signing
        self._problems: list[KafkaError] = []
        self._producer = Producer(
            connection.librdkafka(
                transactional_id=name,
                transaction_timeout_ms=_TRANSACTION_MS,
                message_timeout_ms=_DELIVERY_MS,
                linger_ms=5,
            )
            # By default a fatal error is raised amid the callbacks of what it purges, as a SystemError.
            | {"error_cb": leave_to_the_call}
        )
        try:
            self._producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DependencyUnavailable(f"{name} could not begin: {error.args[0].str()}") from error

    def deliver(self, entries: Sequence[OutboxEntry], position: OutboxEntry) -> None:
        """Send the entries, and behind them how far they go.

        Raises:
            Fenced: a younger one of the name has begun.
            DependencyUnavailable: the broker did not take all of it, or did not say so.
            TendError: Kafka will never take one of them.
        """
        try:
            self._in_one_transaction([*entries, position])
        except (KafkaException, BufferError) as error:
            raise self._meaning(error) from error

    def end_left_open(self, places: Iterable[Place]) -> None:
        """Take back what an earlier transaction of this name left open in these partitions, which the broker forgot.

        A lone Apache Kafka that is killed between saying that a transaction is committed and telling its partitions so
        may take them for deleted when it starts again: the transaction is complete to its coordinator, and open in the
        logs, where readers of committed records stop for good (seen with 4.3.0; see KIP-664 for hanging transactions).
        A log knows one open transaction per producer id: what ends a later one there ends both.

        Raises as ``deliver`` does.
        """
        try:
            self._producer.begin_transaction()
            for topic, partition in places:
                self._producer.produce(topic, b"", b"", partition)  # a compacted topic wants a key; nobody ever sees it
            self._producer.flush(_SECONDS)
            self._producer.abort_transaction(_SECONDS)
        except KafkaException as error:
            raise self._meaning(error) from error

    def drop(self) -> None:
        """Let it go. The next of its name ends its transaction, if any; its queue must not go out after that."""
        with contextlib.suppress(KafkaException):
            self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        # One that was fenced says so at each call, here too; whoever called has been told already.
        with contextlib.suppress(KafkaException):
            self._producer.flush(0)

    def _in_one_transaction(self, entries: Sequence[OutboxEntry]) -> None:
        self._producer.begin_transaction()
        for entry in entries:
            self._send(entry)
        self._producer.commit_transaction(_SECONDS)

    def _send(self, entry: OutboxEntry) -> None:
        headers: list[tuple[str, str | bytes | None]] = [*entry.headers, mark_of(self._partition, entry.sequence)]
        if entry.topic in _SIGNED:
            headers.append(self._signing.header(entry.topic, entry.partition, entry.key, entry.value))
        while True:
            try:
                self._producer.produce(
                    entry.topic, entry.value, entry.key, entry.partition, on_delivery=self._delivered, headers=headers
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            self._problems.append(problem)

    def _meaning(self, error: Exception) -> Exception:
        if not isinstance(error, KafkaException):
            return DependencyUnavailable(str(error))
        if error.args[0].code() in FENCED:
            return Fenced(f"{self._name} was opened by another owner")
        # A transaction that fails does not name the entry's own problem.
        problem = next((one for one in self._problems if one.code() not in _FOLLOWS), error.args[0])
        if problem.code() in _NEVER:
            return TendError(f"Kafka never takes what lane {self._partition} wants to publish: {problem.str()}. {_FIX}")
        return DependencyUnavailable(f"{self._name}: {problem.str()}")
