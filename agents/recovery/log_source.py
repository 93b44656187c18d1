"""The records of one partition number from a log that is read when somebody asks: where there is no group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from infra.kafka.fetching.buffer import FetchedBatch, FetchedRecords, PartitionBuffer
from schemas.times import Millis

Fetch = Callable[[str, int], Awaitable[FetchedRecords | None]]
"""What comes next of a topic from an offset on; None where that is not known."""


class LogSource(PartitionBuffer):
    """A buffer that is filled by whoever waits at it.

    Args:
        partition: the partition's number.
        starts: topics, and the offsets to begin at.
        fetch: reads on.
    """

    def __init__(self, partition: int, starts: Mapping[str, int], fetch: Fetch) -> None:
        super().__init__(partition, 0, starts, self._nothing_goes_missing)
        self._next, self._fetch, self._number = dict(starts), fetch, 0

    async def wait(self, topics: Iterable[str], max_wait_ms: Millis) -> bool:
        """Whether a record of these topics lies here; reads on where none does. Raises as the fetch does."""
        asked = list(topics)
        await self._read([topic for topic in asked if not self.holds(topic)])
        return await super().wait(asked, 0)

    async def reach(self, ends: Mapping[str, int]) -> None:
        """Read until each topic is known up to its end."""
        while behind := [topic for topic, end in ends.items() if self._next[topic] < end]:
            await self._read(behind)

    async def _read(self, topics: Iterable[str]) -> None:
        found = {topic: await self._fetch(topic, self._next[topic]) for topic in topics}
        known = {topic: fetched for topic, fetched in found.items() if fetched is not None}
        self._next |= {topic: fetched.next_offset for topic, fetched in known.items()}
        batch = FetchedBatch(self.partition, self.reading, self._number, known)
        self._number += 1
        self.sent = self.reading, self._number
        self.put(batch)

    def _nothing_goes_missing(self, _: PartitionBuffer) -> None:
        raise AssertionError(f"partition {self.partition}: what was put is not what was read")
