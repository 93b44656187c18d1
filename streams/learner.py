"""From what all lanes contribute to one almanac per epoch, in a fixed order whoever was faster."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappush, heappushpop

from schemas.almanac import VERSION, Almanac, Contribution
from schemas.churn import ChurnState
from streams.churn.learning import learn_sample
from streams.churn.sampling import Sample

KEPT = 10_000
"""Sequences of one lane and epoch that are told apart one by one: a lane that repeats itself goes back by far fewer."""


class Said:
    """Which contributions a lane has made: the newest one by one, and all before them.

    Args:
        kept: how many of the newest; whatever is below them counts as said.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._below = -1
        self._lowest_first: list[int] = []
        self._known: set[int] = set()

    def add(self, sequence: int) -> bool:
        """OutcomeCode one; False where it was said before."""
        if sequence <= self._below or sequence in self._known:
            return False
        self._known.add(sequence)
        if len(self._known) <= self._kept:
            heappush(self._lowest_first, sequence)
        else:
            self._below = heappushpop(self._lowest_first, sequence)
            self._known.remove(self._below)
        return True

    def __len__(self) -> int:
        """How many are told apart."""
        return len(self._known)


class Pending:
    """What is known so far of an epoch that is not closed, in the same memory however much is said.

    Args:
        offset: where its first contribution lies; a restart reads on from the smallest of these.
        cap: at most so many lessons are kept in the end, for each horizon.
    """

    def __init__(self, offset: int, cap: int) -> None:
        self.offset = offset
        self.sample = Sample(cap)
        self.counts: dict[str, int] = {}
        self.done: set[int] = set()
        self._said: defaultdict[int, Said] = defaultdict(Said)

    def add(self, contribution: Contribution, offset: int) -> None:
        """Take in one contribution; said twice, it counts once."""
        self.offset = min(self.offset, offset)
        if contribution.done:
            self.done.add(contribution.partition)
        if not self._said[contribution.partition].add(contribution.sequence):
            return
        self.sample.add(contribution.lessons)
        for name, count in contribution.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


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
        if epoch not in self._pending:
            self._pending[epoch] = Pending(offset, self._state.cap)
        self._pending[epoch].add(contribution, offset)

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
        pending = self._pending.pop(epoch, None) or Pending(0, self._state.cap)
        self._state = learn_sample(self._state, epoch, pending.sample, dict(sorted(pending.counts.items())))
        received = pending.sample.came + (self._last.lessons if self._last else 0)
        self._last = Almanac(VERSION, epoch, self._partitions, self._state, received)
        return self._last

    def resume(self, next_offset: int) -> int:
        """Where a restart with the last almanac must read on to miss nothing."""
        return min((pending.offset for pending in self._pending.values()), default=next_offset)
