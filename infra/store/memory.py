"""The store in a dictionary: the same promises as long as the process lives."""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from infra.store.commit_limits import MAX_DECISIONS, check_commit, check_load
from infra.store.port import CustomerImage, LaneCopy, LaneCounts
from infra.store.recent_decisions import kept
from schemas.errors import Fenced
from schemas.lane import Claimed, Commit, Loaded, OutboxEntry
from schemas.times import Millis


@dataclass
class _Lane:
    version: int = 0
    owner: str | None = None
    state: bytes | None = None
    last: Commit | None = None
    """The commit that led to this version, to know it when it comes again."""
    records: dict[str, bytes] = field(default_factory=dict)
    orders: dict[str, bytes] = field(default_factory=dict)
    moments: dict[str, Millis] = field(default_factory=dict)
    clock: list[tuple[Millis, str]] = field(default_factory=list)
    """The same timers, in order."""
    outbox: deque[OutboxEntry] = field(default_factory=deque)
    expected: int = 1
    """The sequence that the outbox goes on with."""
    decisions: dict[str, list[bytes]] = field(default_factory=dict)

    def due(self, until: Millis, limit: int) -> list[tuple[Millis, str]]:
        """The timers at or before ``until``, the earliest first."""
        return list(islice(self.clock, min(limit, bisect_left(self.clock, (until + 1, "")))))

    def set_timer(self, customer: str, at: Millis | None) -> None:
        """Set the customer's timer, or take it off."""
        before = self.moments.pop(customer, None)
        if before is not None:
            del self.clock[bisect_left(self.clock, (before, customer))]
        if at is not None:
            self.moments[customer] = at
            insort(self.clock, (at, customer))

    def forget(self, customer: str) -> None:
        """Remove everything of the customer."""
        self.records.pop(customer, None)
        self.orders.pop(customer, None)
        self.decisions.pop(customer, None)
        self.set_timer(customer, None)

    def write_outbox(self, commit: Commit) -> None:
        """Trim what is published, then go on; raises ValueError where that leaves a gap."""
        left = sum(1 for entry in self.outbox if entry.sequence > commit.published)
        first = commit.outbox[0].sequence if commit.outbox else self.expected
        if first != self.expected and not (left == 0 and first > self.expected):
            raise ValueError(f"outbox goes on at {first}; expected {self.expected}")
        while len(self.outbox) > left:
            self.outbox.popleft()
        self.outbox.extend(commit.outbox)
        self.expected = first + len(commit.outbox)

    def write_customers(self, commit: Commit) -> None:
        """Write what the commit says of customers."""
        for customer in _empty(commit.records):
            self.forget(customer)
        self.records.update(commit.records)
        self.orders.update(commit.orders)
        for customer in _empty(commit.records):
            del self.records[customer]
        for customer in _empty(commit.orders):
            del self.orders[customer]
        for customer, at in commit.timers.items():
            self.set_timer(customer, at)
        for customer, entries in commit.decisions.items():
            before = self.decisions.get(customer, [])
            self.decisions[customer] = kept([*before, *kept(entries, MAX_DECISIONS)], MAX_DECISIONS)

    def images(self) -> list[CustomerImage]:
        """All customers as they are now."""
        return [
            CustomerImage(who, body, self.orders.get(who), self.moments.get(who), list(self.decisions.get(who, ())))
            for who, body in self.records.items()
        ]


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
        lane = self._lanes[partition]
        due = [] if due_until is None else lane.due(due_until, due_limit)
        who = [customer for _, customer in due]
        return Loaded(
            records=_present(lane.records, [*customers, *who]),
            orders=_present(lane.orders, [*orders_of, *who]),
            due=due,
        )

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        """See ``LaneStore.commit``."""
        check_commit(commit)
        lane = self._lanes[partition]
        if version != lane.version or version == 0:
            if version + 1 == lane.version and commit == lane.last:
                return lane.version
            raise Fenced(f"lane {partition} is at version {lane.version}; this owner committed at {version}")
        lane.write_outbox(commit)
        lane.write_customers(commit)
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
        return self._lanes[partition].moments.get(customer)

    async def lane(self, partition: int) -> tuple[int, bytes | None] | None:
        """See ``StoreReads.lane``."""
        lane = self._lanes[partition]
        return (lane.version, lane.state) if lane.version else None

    async def counts(self, partition: int) -> LaneCounts:
        """See ``StoreReads.counts``."""
        lane = self._lanes[partition]
        return LaneCounts(len(lane.records), len(lane.orders), len(lane.moments), len(lane.outbox))

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


def _present(values: dict[str, bytes], customers: Iterable[str]) -> dict[str, bytes]:
    return {customer: values[customer] for customer in customers if customer in values}


def _empty(values: dict[str, bytes]) -> list[str]:
    return [customer for customer, value in values.items() if not value]


async def _at_once(images: list[CustomerImage]) -> AsyncGenerator[list[CustomerImage], None]:
    yield images
