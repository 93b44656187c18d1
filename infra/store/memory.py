"""The store in a dictionary: the same promises as long as the process lives."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from itertools import islice
from typing import Self

from infra.store.commit_limits import check_commit, check_load
from infra.store.memory_lane import MemoryLane
from infra.store.port import CustomerImage, LaneCopy, LaneCounts
from schemas.errors import Fenced
from schemas.lane import Claimed, Commit, Loaded
from schemas.times import Millis


class _Lane(MemoryLane):
    """A lane with owners: who may write, and an outbox from which what is published goes."""

    def __init__(self) -> None:
        super().__init__()
        self.version = 0
        self.owner: str | None = None
        self.state: bytes | None = None
        self.last: Commit | None = None
        """The commit that led to this version, to know it when it comes again."""
        self._expected = 1
        """The sequence that the outbox goes on with."""

    def _write_outbox(self, commit: Commit) -> None:
        """Trim what is published, then go on; raises ValueError where that leaves a gap."""
        left = [entry for entry in self.outbox if entry.sequence > commit.published]
        first = commit.outbox[0].sequence if commit.outbox else self._expected
        if first != self._expected and (left or first < self._expected):
            raise ValueError(f"outbox goes on at {first}; expected {self._expected}")
        self.outbox = [*left, *commit.outbox]
        self._expected = first + len(commit.outbox)


class MemoryStore:
    """A store without a server, for fast tests."""

    address = "memory"

    def __init__(self) -> None:
        self._lanes: defaultdict[int, _Lane] = defaultdict(_Lane)

    async def time(self) -> Millis:
        """See ``LaneStore.time``."""
        return time.time_ns() // 1_000_000

    async def claim(self, partition: int) -> Claimed:
        """See ``LaneStore.claim``."""
        lane = self._lanes[partition]
        lane.version += 1
        lane.last, lane.owner = None, secrets.token_hex(8)
        return Claimed(lane.version, lane.state, list(lane.outbox), lane.owner)

    async def owner(self, partition: int) -> str | None:
        """See ``LaneStore.owner``."""
        return self._lanes[partition].owner

    async def load(
        self,
        partition: int,
        customers: Collection[str],
        orders_of: Collection[str] = (),
        due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:
        """See ``LaneStore.load``."""
        check_load(customers, orders_of, due_limit)
        return self._lanes[partition].load(customers, orders_of, due_until, due_limit)

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        """See ``LaneStore.commit``."""
        check_commit(commit)
        lane = self._lanes[partition]
        if version != lane.version or version == 0:
            if version + 1 == lane.version and commit == lane.last:
                return lane.version
            raise Fenced(f"lane {partition} is at version {lane.version}; this owner committed at {version}")
        lane.commit(commit)
        lane.state, lane.last = commit.state, commit
        lane.version += 1
        return lane.version

    async def customer(self, partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        """See ``StoreReads.customer``."""
        lane = self._lanes[partition]
        return lane.records.get(customer), lane.orders.get(customer)

    async def decisions(self, partition: int, customer: str) -> list[bytes]:
        """See ``StoreReads.decisions``."""
        return list(reversed(self._lanes[partition].decisions.get(customer, ())))

    async def timer(self, partition: int, customer: str) -> Millis | None:
        """See ``StoreReads.timer``."""
        return self._lanes[partition].timers.get(customer)

    async def lane(self, partition: int) -> tuple[int, bytes | None] | None:
        """See ``StoreReads.lane``."""
        lane = self._lanes[partition]
        return (lane.version, lane.state) if lane.version else None

    async def counts(self, partition: int) -> LaneCounts:
        """See ``StoreReads.counts``."""
        lane = self._lanes[partition]
        return LaneCounts(len(lane.records), len(lane.orders), len(lane.timers), len(lane.outbox))

    async def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes, bytes | None]]:
        """See ``StoreReads.scan``."""
        lane = self._lanes[partition]
        for customer, record in list(lane.records.items()):
            yield customer, record, lane.orders.get(customer)

    async def beginning_with(self, partition: int, prefix: str, limit: int) -> list[str]:
        """See ``StoreReads.beginning_with``."""
        return sorted(islice((one for one in self._lanes[partition].records if one.startswith(prefix)), limit))

    async def copy(self, partition: int) -> LaneCopy:
        """See ``StoreReads.copy``."""
        lane = self._lanes[partition]
        return LaneCopy(lane.version, lane.state, list(lane.outbox), _at_once(lane.images()))

    async def check(self) -> list[str]:
        """See ``Store.check``; it forgets everything when the process ends, and whoever makes one knows."""
        return []

    async def wipe(self) -> None:
        """Forget everything."""
        self._lanes.clear()

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def _at_once(images: list[CustomerImage]) -> AsyncGenerator[list[CustomerImage], None]:
    yield images
