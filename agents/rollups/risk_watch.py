"""Whose risk of leaving is looked at, and when: it stands in the customer's record and on no topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from agents.rollups.model import Changes
from agents.rollups.store import RollupStore
from infra.store import Store
from schemas.codec import decode_record
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import CUSTOMERS, MOVES, ORDERS

_LOOK_SECONDS: Final = 1.0
"""How often records are looked at."""
_MOST_LOOKED_AT: Final = 200
"""Records of one partition that are looked at together."""
_AGAIN_SECONDS: Final = 60.0
"""How long whoever only visits is not looked at again: their score moves once a week."""
_MOVE_IT: Final = frozenset((ORDERS, CUSTOMERS, MOVES))
"""After what of these topics a score may be another one."""


class RiskWatch:
    """Looks at the records of those who were touched: soon after what moves their score, else seldom."""

    def __init__(self, store: Store, rollups: RollupStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._rollups, self._clock = store, rollups, clock
        self._touched: list[set[str]] = [set() for _ in range(rollups.partitions)]
        self._lately: list[set[str]] = [set() for _ in range(rollups.partitions)]
        self._looked = self._forgot = clock()

    def note(self, partition: int, records: Iterable[KafkaRecord], changes: Changes) -> None:
        """Note whom a batch touched."""
        keys = {one.key for one in records if one.topic in _MOVE_IT and one.key}
        moved = {key.decode(errors="replace") for key in keys} & (changes.seen.keys() | changes.standings.keys())
        self._touched[partition] |= moved | (changes.seen.keys() - self._lately[partition])

    async def look(self) -> None:
        """Look at some of those who were touched, if it is time."""
        now = self._clock()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        if now - self._forgot >= _AGAIN_SECONDS:
            self._forgot = now
            self._lately = [set() for _ in self._lately]
        for partition, touched in enumerate(self._touched):
            some = [touched.pop() for _ in range(min(_MOST_LOOKED_AT, len(touched)))]
            if some:
                self._lately[partition].update(some)
                await self._look_at(partition, some)

    async def _look_at(self, partition: int, customers: list[str]) -> None:
        loaded = await self._store.load(partition, customers)
        risks: dict[str, float | None] = {}
        seen: dict[str, Millis] = {}
        for customer, body in loaded.records.items():
            record = decode_record(body)
            risks[customer], seen[customer] = record.churn[0] if record.churn else None, record.seen
        await self._rollups.note_risks(partition, risks, seen)
