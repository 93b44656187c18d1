"""A publisher in memory that keeps its promises: in order, each entry once, told how far an earlier owner came."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from schemas.lane import OutboxEntry


class MemoryPublisher:
    """What a lane publishes, for as long as nobody gets in its way."""

    def __init__(self) -> None:
        self.out: list[OutboxEntry] = []
        self.given: list[int] = []
        """The sequences that were last to be published."""
        self.trouble: list[Exception] = []
        """Raised one after the other, instead of publishing."""
        self._not_again: set[bytes] = set()
        self._position = 0
        self.opened = 0
        self.closed = 0
        self._going = asyncio.Event()
        self._going.set()

    @property
    def published(self) -> int:
        """The last sequence that is out."""
        return max(self._position, self.out[-1].sequence if self.out else 0)

    def stall(self) -> None:
        """From now on publishing takes until ``go_on``."""
        self._going.clear()

    def go_on(self) -> None:
        """Publish what has been waiting."""
        self._going.set()

    async def open(self, known: int) -> int:
        """Fence earlier owners; the last sequence that was published."""
        self.opened += 1
        return self.published

    async def publish(self, entries: Sequence[OutboxEntry]) -> int:
        """Publish in order; the last sequence published."""
        await self._going.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        self.given = [entry.sequence for entry in entries]
        fresh = [entry for entry in entries if entry.sequence > self.published]
        assert [entry.sequence for entry in fresh] == list(
            range(self.published + 1, self.published + 1 + len(fresh))
        ), "an entry is missing"
        self._position = fresh[-1].sequence if fresh else self._position
        self.out.extend(entry for entry in fresh if _id_of(entry) not in self._not_again)
        return self.published

    def forget(self, sequence: int) -> None:
        """What is out with a higher sequence is not out after all."""
        self.out = [entry for entry in self.out if entry.sequence <= sequence]
        self._position = min(self._position, sequence)

    async def pass_over(self, sequence: int, places: Sequence[tuple[str, int]]) -> int:
        """Leave out from now on what is out with a higher sequence; the highest that is out."""
        beyond = [entry for entry in self.out if entry.sequence > sequence]
        self._not_again |= {one for entry in beyond if (one := _id_of(entry))}
        return self.published

    async def close(self) -> None:
        """Let go of the connection."""
        self.closed += 1


def _id_of(entry: OutboxEntry) -> bytes:
    return dict(entry.headers).get("ce_id", b"")
