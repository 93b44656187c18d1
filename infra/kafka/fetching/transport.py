"""Faust's transport on librdkafka: one client per worker holds the group and fetches, and a message is a batch.

What differs from Faust's own drivers, and why:

- A message of the agent's stream is what one fetch brought of one partition number, so Faust's cost is paid per batch.
- Nothing is read before a lane has said from where: the offsets are its state's, not the group's. Faust's seeks also
  write a read offset below which messages are dropped silently, so nothing seeks.
- Offsets are committed for the display of lag only.
- Messages are not acknowledged one by one; Faust would keep and merge each gap in their numbers.
- Topics are assigned by range, which keeps the p-th partitions of all topics together.
- Back-pressure is the prefetcher's, partition by partition; Faust's pausing would stop them all.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from faust.transport.base import Transport
from faust.transport.consumer import Consumer
from faust.types import TP, ConsumerMessage
from faust.types.transports import ConsumerCallback

from infra.kafka.connection import Place
from infra.kafka.fetching.buffer import FetchedBatch
from infra.kafka.fetching.group import WorkerGroup
from infra.kafka.fetching.prefetcher import Prefetcher


class BatchConsumer(Consumer):
    """Faust's consumer on the main loop: it passes on what the prefetcher brings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        transport = cast(BatchTransport, self.transport)
        self._group, self._prefetcher = transport.group, transport.prefetcher
        self._fetched: asyncio.Queue[FetchedBatch] = asyncio.Queue()
        # Faust drops messages at or below the last offset of their partition, so these only ever count up.
        self._numbers = itertools.count(1)
        self._assignment: set[TP] = set()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group."""
        self._prefetcher.start(self)

    # ------------------------------------------------------------ told by the prefetcher

    async def on_assigned(self, places: set[Place]) -> None:
        """See ``GroupMember``."""
        self._assignment = {TP(*place) for place in places}
        self.app.on_rebalance_start()
        await self.on_partitions_assigned(set(self._assignment))

    async def on_revoked(self, places: set[Place]) -> None:
        """See ``GroupMember``."""
        self.app.on_rebalance_start()
        await self.on_partitions_revoked({TP(*place) for place in places})
        self._assignment = set()

    def on_fetched(self, batches: Sequence[FetchedBatch]) -> None:
        """See ``GroupMember``."""
        for batch in batches:
            self._fetched.put_nowait(batch)

    async def on_failed(self, reason: Exception) -> None:
        """See ``GroupMember``."""
        await self.app.crash(reason)

    # ------------------------------------------------------------ asked by Faust

    async def _drain_messages(self, fetcher: Any) -> None:
        """Pass on batch after batch; Faust's own way makes two tasks for each."""
        deliver = cast(Callable[[ConsumerMessage], Awaitable[None]], self.callback)
        try:
            while not (self.should_stop or fetcher.should_stop):
                await deliver(self._message(await self._fetched.get()))
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    def _message(self, batch: FetchedBatch) -> ConsumerMessage:
        tp = TP(self._group.topics[0], batch.partition)
        return ConsumerMessage(
            tp.topic, tp.partition, next(self._numbers), time.time(), 0, None, None, cast(Any, batch), None, tp=tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Show how far lanes have committed."""
        self._group.show_progress()
        return True

    def assignment(self) -> set[TP]:
        """What the group has given this worker."""
        return set(self._assignment)

    async def perform_seek(self) -> None:
        """Do nothing: each lane says where it begins."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: a quiet topic is no stall, and lag is measured by the lanes."""

    def verify_recovery_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: there are no tables."""

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    # What follows is for tables, which there are none of, or is done by the prefetcher; Faust's base wants it defined.

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        raise NotImplementedError

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        raise NotImplementedError

    async def _seek(self, partition: TP, offset: int) -> None:
        raise NotImplementedError

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Not used: there are no tables."""
        raise NotImplementedError

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Not used: there are no tables."""
        raise NotImplementedError

    async def position(self, tp: TP) -> int | None:
        """Not used: there are no tables."""
        raise NotImplementedError

    def highwater(self, tp: TP) -> int:
        """Not used: there are no tables."""
        raise NotImplementedError

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Not used: there are no tables."""
        raise NotImplementedError

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Not used: there are no tables."""
        raise NotImplementedError

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Not used: there are no tables."""
        raise NotImplementedError

    def topic_partitions(self, topic: str) -> int | None:
        """Not used: there are no tables."""
        raise NotImplementedError

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Not used: there are no tables."""
        raise NotImplementedError

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        raise NotImplementedError


class BatchTransport(Transport):
    """The transport that makes the consumer above."""

    Consumer = BatchConsumer

    def __init__(self, url: Any, app: Any, group: WorkerGroup, prefetcher: Prefetcher) -> None:
        super().__init__(url, app)
        self.group, self.prefetcher = group, prefetcher

    def create_consumer(self, callback: ConsumerCallback, **kwargs: Any) -> BatchConsumer:
        """The consumer of this worker."""
        return cast(BatchConsumer, super().create_consumer(callback, **kwargs))
