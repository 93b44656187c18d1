"""What one lane has fetched and not yet handled, topic by topic."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from infra.kafka.intake import UNKNOWN_END
from schemas.lane import Fetched, KafkaRecord


class Fetches(Protocol):
    """Where records come from."""

    async def fetch(self, partition: int, wants: Mapping[str, int], *, max_wait_ms: int) -> dict[str, Fetched]:
        """Records of these topics from these offsets."""
        ...


class Shelf(msgspec.Struct):
    """Records of one topic, read and waiting."""

    next_offset: int
    """Where to read on."""
    end_offset: int | None = None
    """The end of the log when last asked, perhaps ``UNKNOWN_END``; None before the first answer."""
    seen: int | None = None
    """The furthest end that was ever known, or offset that was read; None before the first answer."""
    raws: deque[KafkaRecord] = msgspec.field(default_factory=deque)

    @property
    def caught_up(self) -> bool:
        """Nothing readable lies behind what was read."""
        return self.end_offset is not None and self.next_offset >= self.end_offset


class TopicReader:
    """Reads the p-th partitions of the lane's topics, from the offsets that the store holds."""

    def __init__(self, intake: Fetches, partition: int, offsets: Mapping[str, int], bound: int = 20_000) -> None:
        self._intake = intake
        self._partition = partition
        self._bound = bound
        self.shelves = {topic: Shelf(offset) for topic, offset in offsets.items()}

    async def read(self, topics: Iterable[str], *, max_wait_ms: int) -> bool:
        """Fetch what comes next in these topics, unless enough of it waits already; True if anything came."""
        wants = [topic for topic in topics if len(self.shelves[topic].raws) < self._bound]
        return await self._fetch(wants, max_wait_ms) if wants else False

    async def up_to(self, ends: Mapping[str, int]) -> None:
        """Read until each topic is known up to its end offset. An empty answer is no end: only the position says so."""
        while behind := [topic for topic, end in ends.items() if self.shelves[topic].next_offset < end]:
            await self._fetch(behind, max_wait_ms=50)

    async def _fetch(self, topics: list[str], max_wait_ms: int) -> bool:
        wants = {topic: self.shelves[topic].next_offset for topic in topics}
        fetched = await self._intake.fetch(self._partition, wants, max_wait_ms=max_wait_ms)
        for topic, found in fetched.items():
            shelf = self.shelves[topic]
            shelf.raws.extend(found.records)
            shelf.next_offset, shelf.end_offset = found.next_offset, found.end_offset
            end = found.next_offset if found.end_offset == UNKNOWN_END else found.end_offset
            shelf.seen = max(shelf.seen or 0, end)
        return any(found.records for found in fetched.values())

    def lag(self, handled: Mapping[str, int]) -> dict[str, int]:
        """Records per topic between what is handled and the end of the log, as far as that is known."""
        return {
            topic: max(0, shelf.seen - handled.get(topic, 0))
            for topic, shelf in self.shelves.items()
            if shelf.seen is not None
        }

    def take(self, topic: str, end: int) -> list[KafkaRecord]:
        """The records of a topic before ``end``."""
        raws = self.shelves[topic].raws
        if raws and raws[-1].offset < end:
            everything = list(raws)
            raws.clear()
            return everything
        taken = []
        while raws and raws[0].offset < end:
            taken.append(raws.popleft())
        return taken
