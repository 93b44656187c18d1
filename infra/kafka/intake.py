"""Where lanes get their records: read from the offsets that they name, handed over by Faust's one agent.

A lane asks for "records of these topics from these offsets". A source reads them; what it found waits here until
the agent has taken a knock for it from Faust's stream. Only the knock passes through the stream, because messages
queued there can vanish when a rebalance stops the flow; a knock that is lost is sent again after a second. Pausing a
lane is simply not asking.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from schemas.errors import ConfigurationRefused
from schemas.lane import Fetched

log = logging.getLogger(__name__)

UNKNOWN_END = 2**63 - 1
"""The end offset of a topic from which the broker has not answered yet: nobody can be at the end of it."""

_KNOCK_AGAIN_SECONDS = 1.0

TopicPartition = tuple[str, int]


class Lost(Exception):
    """The partition went to another worker, or its topics are not all ours: throw the lane away."""


class Source(Protocol):
    """Who can read the logs of partitions."""

    async def read(self, partition: int, wants: Mapping[str, int], max_wait_ms: int) -> dict[str, Fetched]:
        """Records of these topics from these offsets."""
        ...

    def forget(self, partition: int) -> None:
        """The partition is read no more."""
        ...


class Intake:
    """The lanes' side of the consumer. Everything here runs on one event loop.

    Args:
        topics: the input topics; a partition is owned when it is assigned in all of them.
        source: who reads.
        on_owned: called with each partition gained. It must not wait for records.
        on_lost: called with each partition lost, before the group goes on; it may finish a batch.
        patience: how many seconds the group waits for that.
        partitions: how many partitions each topic has; None where that does not matter.
    """

    def __init__(
        self,
        topics: Sequence[str],
        source: Source,
        on_owned: Callable[[int], Awaitable[None]],
        on_lost: Callable[[int], Awaitable[None]],
        patience: float = 20.0,
        partitions: int | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self._source = source
        self._on_owned = on_owned
        self._on_lost = on_lost
        self._patience = patience
        self._partitions = partitions
        self.joined = False
        """Whether the group has given this worker its share, which may be nothing."""
        self._owned: set[int] = set()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._reading: dict[int, asyncio.Future[dict[str, Fetched]]] = {}
        self._knocks: asyncio.Queue[int] = asyncio.Queue()
        self._applied: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}

    @property
    def owned(self) -> frozenset[int]:
        """The partitions whose lanes may run here."""
        return frozenset(self._owned)

    async def fetch(self, partition: int, wants: Mapping[str, int], *, max_wait_ms: int) -> dict[str, Fetched]:
        """Records of these topics from these offsets, one answer per topic, at most one fetch per partition at a time.

        Waits up to ``max_wait_ms`` for a first record when there is none, then answers with empty lists. A topic
        whose ``next_offset`` has reached its ``end_offset`` was at its end when the broker last answered; one that
        lags behind it, or whose end is ``UNKNOWN_END``, has simply not been fetched yet.

        Raises:
            Lost: the partition is not ours, or was revoked while this waited.
            ConfigurationRefused: an offset lies outside the log.
        """
        if partition not in self._owned:
            raise Lost(f"partition {partition} is not owned")
        if partition in self._reading or partition in self._waiting:
            raise RuntimeError(f"a fetch of partition {partition} is already under way")
        reading = asyncio.ensure_future(self._source.read(partition, wants, max_wait_ms))
        self._reading[partition] = reading
        try:
            fetched = await reading
        except asyncio.CancelledError:
            if self._reading.get(partition) is reading:
                raise  # the lane was cancelled, not the fetch
            raise Lost(f"partition {partition} was revoked") from None
        finally:
            if self._reading.get(partition) is reading:
                del self._reading[partition]
        await self._wait_for_the_agent(partition)
        return fetched

    async def _wait_for_the_agent(self, partition: int) -> None:
        if partition not in self._owned:
            raise Lost(f"partition {partition} was revoked")
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[partition] = taken
        try:
            while not taken.done():
                self._knocks.put_nowait(partition)
                await asyncio.wait([taken], timeout=_KNOCK_AGAIN_SECONDS)
            taken.result()
        finally:
            if self._waiting.get(partition) is taken:
                del self._waiting[partition]

    def hand_over(self, partition: int) -> None:
        """The agent took a knock: let the lane have what was fetched for it."""
        taken = self._waiting.get(partition)
        if taken is not None and not taken.done():
            taken.set_result(None)

    async def knocks(self, patience: float) -> list[int]:
        """Partitions whose records wait for the agent; none after ``patience`` seconds without any."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                found = [await self._knocks.get()]
                while not self._knocks.empty():
                    found.append(self._knocks.get_nowait())
                return found
        return []

    def applied(self, partition: int, offsets: Mapping[str, int]) -> None:
        """Tell how far a lane has come (the next offset of each topic), so that lag can be shown."""
        for topic, offset in offsets.items():
            self._applied[topic, partition] = offset

    def to_commit(self) -> dict[TopicPartition, int]:
        """Applied offsets of owned partitions that the broker has not been told yet."""
        return {
            at: offset
            for at, offset in self._applied.items()
            if at[1] in self._owned and self._committed.get(at) != offset
        }

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """The broker has taken these offsets."""
        self._committed.update(offsets)

    async def gain(self, assigned: Iterable[TopicPartition]) -> None:
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

    async def lose_all(self) -> None:
        """The group takes all partitions back: end what waits, tell the lanes, wait for them a bounded time."""
        self.joined = False
        lost, self._owned = sorted(self._owned), set()
        for partition in lost:
            self._drop(partition)
        farewells = [asyncio.ensure_future(self._part_with(partition)) for partition in lost]
        if not farewells:
            return
        # Fencing protects the data from a lane that does not end; the group must not wait for it forever.
        _, late = await asyncio.wait(farewells, timeout=self._patience)
        for farewell in late:
            log.error("A lane did not end within %.0f s of losing its partition; going on", self._patience)
            farewell.cancel()

    def _drop(self, partition: int) -> None:
        reading = self._reading.pop(partition, None)
        if reading is not None:
            reading.cancel()
        self._source.forget(partition)
        taken = self._waiting.pop(partition, None)
        if taken is not None and not taken.done():
            taken.set_exception(Lost(f"partition {partition} was revoked"))
        for topic in self.topics:
            self._applied.pop((topic, partition), None)
            self._committed.pop((topic, partition), None)

    async def _part_with(self, partition: int) -> None:
        try:
            await self._on_lost(partition)
        except Exception:
            log.exception("Ending the lane of partition %d failed", partition)
