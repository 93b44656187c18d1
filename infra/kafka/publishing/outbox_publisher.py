"""Publishing what a lane has decided: in order, each entry once, with the position published beside it.

Each publish is one transaction, which carries the last sequence to the lane's partition of ``tend.positions`` as
well: a new owner fences an older one by opening, and reads from that record how far the older one came.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.publishing.published_position import AlreadyPublished, Position, mark_of, own_position, position_record
from infra.kafka.transactional_producer import TransactionalProducer
from schemas.errors import TendError
from schemas.lane import OutboxEntry
from schemas.signing import Signing
from schemas.topics import LESSONS, POSITIONS

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
        self._producer: TransactionalProducer | None = None
        self._published = 0
        self._position_at = -1
        """Offset of the record that says so."""
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

    def _begin(self, known: int = 0) -> TransactionalProducer:
        self._drop()
        # First end what an older owner has begun, then read how far it came: the other way round it may still move.
        producer = TransactionalProducer(self._connection, self._name)
        position = own_position(self._connection, self.partition, self._signing)
        self._refused[POSITIONS] += position.refused
        self._published, self._left_open = self._come_to(position, known), position.left_open
        self._position_at = position.offset
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

    def _deliver(self, producer: TransactionalProducer, entries: Sequence[OutboxEntry]) -> None:
        # Beyond the position something is out only where the broker forgot to end a transaction.
        if self._left_open and (places := self._already.unsearched(entries)):
            producer.end_left_open({(POSITIONS, self.partition), *places})
            self._already.search(places)
        with producer.transaction():
            for entry in self._already.not_out(entries):
                self._send(producer, entry)
            position = position_record(self.partition, entries[-1].sequence, self._position_at)
            self._send(producer, position)

    def _position_lies_at(self, offset: int) -> None:
        self._position_at = offset

    def _send(self, producer: TransactionalProducer, entry: OutboxEntry) -> None:
        headers = [*entry.headers, mark_of(self.partition, entry.sequence)]
        if entry.topic in _SIGNED:
            headers.append(self._signing.header(entry.topic, entry.partition, entry.key, entry.value))
        told = self._position_lies_at if entry.topic == POSITIONS else None
        producer.send(entry.topic, entry.partition, entry.key, entry.value, headers, told)

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.drop()
