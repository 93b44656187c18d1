"""What one lane holds, in dictionaries: under the store in memory, and for whoever drives a lane without servers."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable
from itertools import islice

from infra.store.commit_limits import MAX_DECISIONS
from infra.store.port import CustomerImage
from infra.store.recent_decisions import kept
from schemas.lane import Commit, Loaded, OutboxEntry
from schemas.times import Millis


class MemoryLane:
    """The customers of a lane, and everything that it has written to its outbox."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.orders: dict[str, bytes] = {}
        self.timers: dict[str, Millis] = {}
        self.decisions: dict[str, list[bytes]] = {}
        self.outbox: list[OutboxEntry] = []
        self._clock: list[tuple[Millis, str]] = []
        """The same timers, in order."""

    def load(
        self,
        customers: Collection[str],
        orders_of: Collection[str] = (),
        due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:
        """See ``LaneStore.load``."""
        due = [] if due_until is None else self._due(due_until, due_limit)
        who = [customer for _, customer in due]
        return Loaded(
            records=_present(self.records, [*customers, *who]),
            orders=_present(self.orders, [*orders_of, *who]),
            due=due,
        )

    def commit(self, commit: Commit) -> None:
        """All of it; who may write is not asked here."""
        self._write_outbox(commit)
        for customer, record in commit.records.items():
            if record:
                self.records[customer] = record
            else:
                self._forget(customer)
        for customer, book in commit.orders.items():
            if book:
                self.orders[customer] = book
            else:
                self.orders.pop(customer, None)
        for customer, at in commit.timers.items():
            self._set_timer(customer, at)
        for customer, entries in commit.decisions.items():
            before = self.decisions.get(customer, [])
            self.decisions[customer] = kept([*before, *kept(entries, MAX_DECISIONS)], MAX_DECISIONS)

    def images(self) -> list[CustomerImage]:
        """All customers as they are now."""
        return [
            CustomerImage(who, body, self.orders.get(who), self.timers.get(who), list(self.decisions.get(who, ())))
            for who, body in self.records.items()
        ]

    def _write_outbox(self, commit: Commit) -> None:
        self.outbox.extend(commit.outbox)

    def _due(self, until: Millis, limit: int) -> list[tuple[Millis, str]]:
        return list(islice(self._clock, min(limit, bisect_left(self._clock, (until + 1, "")))))

    def _set_timer(self, customer: str, at: Millis | None) -> None:
        before = self.timers.pop(customer, None)
        if before is not None:
            del self._clock[bisect_left(self._clock, (before, customer))]
        if at is not None:
            self.timers[customer] = at
            insort(self._clock, (at, customer))

    def _forget(self, customer: str) -> None:
        self.records.pop(customer, None)
        self.orders.pop(customer, None)
        self.decisions.pop(customer, None)
        self._set_timer(customer, None)


def _present(values: dict[str, bytes], customers: Iterable[str]) -> dict[str, bytes]:
    return {customer: values[customer] for customer in customers if customer in values}
