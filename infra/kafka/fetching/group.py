"""What the workers' group has given this worker, and the lanes that live on it. All of it runs on one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from infra.kafka.connection import Place
from infra.kafka.fetching.buffer import FetchedBatch, PartitionBuffer, PartitionRevoked
from schemas.errors import ConfigurationRefused

log = logging.getLogger(__name__)


class Fetcher(Protocol):
    """Who reads, and tells the group how far lanes have come."""

    def open(self, partition: int, starts: Mapping[str, int]) -> PartitionBuffer:
        """Read this partition of these topics from these offsets on."""
        ...

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Show how far lanes have come."""
        ...


class WorkerGroup:
    """The partitions that are owned here.

    Args:
        topics: the input topics; a partition is owned when it is assigned in all of them.
        fetches: who reads.
        on_owned: called with each partition gained. It must not wait for records.
        on_lost: called with each partition lost, before the group goes on; it may finish a batch.
        patience: how many seconds the group waits for that.
        partitions: how many partitions each topic has; None where that does not matter.
    """

    def __init__(
        self,
        topics: Sequence[str],
        fetches: Fetcher,
        on_owned: Callable[[int], Awaitable[None]],
        on_lost: Callable[[int], Awaitable[None]],
        patience: float = 20.0,
        partitions: int | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self._fetches = fetches
        self._on_owned = on_owned
        self._on_lost = on_lost
        self._patience = patience
        self._partitions = partitions
        self.joined = False
        """Whether the group has given this worker its share, which may be nothing."""
        self._owned: set[int] = set()
        self._buffers: dict[int, PartitionBuffer] = {}
        self._progress: dict[Place, int] = {}
        self._shown: dict[Place, int] = {}

    @property
    def owned(self) -> frozenset[int]:
        """The partitions whose lanes may run here."""
        return frozenset(self._owned)

    def open(self, partition: int, starts: Mapping[str, int]) -> PartitionBuffer:
        """The records of a partition from these offsets on; who has opened it before gets nothing more.

        Raises:
            PartitionRevoked: the partition is not ours.
        """
        if partition not in self._owned:
            raise PartitionRevoked(f"partition {partition} is not owned")
        self._close(partition, "opened again")
        buffer = self._buffers[partition] = self._fetches.open(partition, starts)
        return buffer

    def hand_over(self, batch: FetchedBatch) -> None:
        """Let the lane have what was fetched for it; what was fetched for an earlier owner is dropped."""
        if (buffer := self._buffers.get(batch.partition)) is not None:
            buffer.put(batch)

    def record_progress(self, partition: int, offsets: Mapping[str, int]) -> None:
        """Tell how far a lane has committed (the next offset of each topic), so that lag can be shown."""
        for topic, offset in offsets.items():
            self._progress[topic, partition] = offset

    def show_progress(self) -> None:
        """Tell the broker what it has not been told yet."""
        news = {at: offset for at, offset in self._progress.items() if self._shown.get(at) != offset}
        if news:
            self._fetches.commit(news)
            self._shown.update(news)

    async def on_assigned(self, assigned: Iterable[Place]) -> None:
        """The group assigned these: own each partition that came with all of its topics.

        Raises:
            ConfigurationRefused: a topic has been given more partitions.
        """
        by_partition: dict[int, set[str]] = {}
        for topic, partition in assigned:
            self._check_known(topic, partition)
            by_partition.setdefault(partition, set()).add(topic)
        whole = {partition for partition, found in by_partition.items() if found >= set(self.topics)}
        if split := sorted(set(by_partition) - whole):
            log.warning("Partitions %s wait: not all of their topics are assigned to this worker", split)
        for partition in sorted(whole - self._owned):
            self._owned.add(partition)
            await self._on_owned(partition)
        self.joined = True

    def _check_known(self, topic: str, partition: int) -> None:
        if self._partitions is not None and partition >= self._partitions:
            raise ConfigurationRefused(
                f"{topic} was given more partitions than the {self._partitions} that it began with: from now on its "
                "producers send customers to other lanes than those that keep their records. Partitions cannot be "
                f"taken away: stop the producers, make the topic again with {self._partitions}, and send them again "
                "what came since."
            )

    async def on_revoked(self) -> None:
        """The group takes all partitions back: end what waits, tell the lanes, wait for them a bounded time."""
        self.joined = False
        lost, self._owned = sorted(self._owned), set()
        for partition in lost:
            self._close(partition, "revoked")
        farewells = [asyncio.ensure_future(self._part_with(partition)) for partition in lost]
        if farewells:
            # Fencing protects the data from a lane that does not end; the group must not wait for it forever.
            _, late = await asyncio.wait(farewells, timeout=self._patience)
            for farewell in late:
                log.error("A lane did not end within %.0f s of losing its partition; going on", self._patience)
                farewell.cancel()
        self.show_progress()
        self._progress.clear()
        self._shown.clear()

    def _close(self, partition: int, why: str) -> None:
        if (buffer := self._buffers.pop(partition, None)) is not None:
            buffer.end(PartitionRevoked(f"partition {partition} was {why}"))

    async def _part_with(self, partition: int) -> None:
        try:
            await self._on_lost(partition)
        except Exception:
            log.exception("Ending the lane of partition %d failed", partition)
