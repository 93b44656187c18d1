"""From what all lanes contribute to one almanac per epoch, in a fixed order whoever was faster."""

from __future__ import annotations

import msgspec

from schemas.almanac import VERSION, Almanac, Contribution
from schemas.churn import ChurnState, Lesson
from streams.churn import learn_epoch


class Pending(msgspec.Struct):
    """What is known so far of an epoch that is not closed."""

    offset: int
    """Where its first contribution lies: a restart reads on from the smallest of these."""
    lessons: dict[tuple[int, int], list[Lesson]] = {}
    """By (partition, sequence): said twice, it counts once."""
    counts: dict[tuple[int, int], dict[str, int]] = {}
    done: set[int] = set()


class Collector:
    """Collects contributions until an epoch is complete; holds nothing that the last almanac and the topic do not."""

    def __init__(self, partitions: int, state: ChurnState, last: Almanac | None = None) -> None:
        self._partitions = partitions
        self._state = state if last is None else last.churn
        self._last = last
        self._first: dict[int, int] = {}
        self._pending: dict[int, Pending] = {}
        self.late = 0
        """Contributions that came after their epoch was closed (possible in service only)."""

    @property
    def epoch(self) -> int | None:
        """The epoch to close next; None while some lane was never heard of."""
        if self._last is not None:
            return self._last.epoch + 1
        return min(self._first.values()) if len(self._first) == self._partitions else None

    def add(self, contribution: Contribution, offset: int) -> None:
        """Take in one contribution that lay at ``offset``."""
        self._first.setdefault(contribution.partition, contribution.first)
        epoch = contribution.epoch
        if self._last is not None and epoch <= self._last.epoch:
            self.late += 1
            return
        pending = self._pending.setdefault(epoch, Pending(offset))
        pending.offset = min(pending.offset, offset)
        key = contribution.partition, contribution.sequence
        pending.lessons[key] = contribution.lessons
        pending.counts[key] = contribution.counts
        if contribution.done:
            pending.done.add(contribution.partition)

    def missing(self) -> list[int]:
        """Partitions that the next epoch waits for."""
        epoch = self.epoch
        if epoch is None:
            return [p for p in range(self._partitions) if p not in self._first]
        done = self._pending[epoch].done if epoch in self._pending else set()
        return [p for p in range(self._partitions) if p not in done and self._first.get(p, epoch) <= epoch]

    def close(self, *, deadline: bool = False) -> Almanac | None:
        """The next almanac, or None while a lane is missing; at a ``deadline`` it is made without it."""
        epoch = self.epoch
        if epoch is None or (self.missing() and not deadline):
            return None
        pending = self._pending.pop(epoch, Pending(0))
        lessons = [lesson for key in sorted(pending.lessons) for lesson in pending.lessons[key]]
        counts: dict[str, int] = {}
        for key in sorted(pending.counts):
            for name, count in pending.counts[key].items():
                counts[name] = counts.get(name, 0) + count
        self._state = learn_epoch(self._state, epoch, lessons, dict(sorted(counts.items())))
        received = len(lessons) + (self._last.lessons if self._last else 0)
        self._last = Almanac(VERSION, epoch, self._partitions, self._state, received)
        return self._last

    def resume(self, next_offset: int) -> int:
        """Where a restart with the last almanac must read on to miss nothing."""
        return min((pending.offset for pending in self._pending.values()), default=next_offset)
