"""What a store keeps of one lane, in dictionaries, for whoever drives a lane without servers."""

from __future__ import annotations

from schemas.lane import Commit, Loaded, OutboxEntry
from schemas.times import Millis
from streams.lane_protocol import NeedRecords


class DictStore:
    """A store of dictionaries with the promises that a lane relies on."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.orders: dict[str, bytes] = {}
        self.timers: dict[str, Millis] = {}
        self.outbox: list[OutboxEntry] = []

    def load(self, step: NeedRecords) -> Loaded:
        """What one round trip would bring."""
        ringing = sorted((due, who) for who, due in self.timers.items() if due <= step.due_until)[: step.due_limit]
        wanted = [*step.customers, *(who for _, who in ringing)]
        return Loaded(
            {who: self.records[who] for who in wanted if who in self.records},
            {who: self.orders[who] for who in wanted if who in self.orders},
            ringing,
        )

    def commit(self, commit: Commit) -> None:
        """All of it; nobody else writes here."""
        self.records.update(commit.records)
        for who, book in commit.orders.items():
            if book:
                self.orders[who] = book
            else:
                self.orders.pop(who, None)
        for who, due in commit.timers.items():
            if due is None:
                self.timers.pop(who, None)
            else:
                self.timers[who] = due
        self.outbox.extend(commit.outbox)
