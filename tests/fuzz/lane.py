"""A whole lane at the limits of a commit, begun anew from what it committed after each record."""

from __future__ import annotations

import msgspec

from infra.store.commit_limits import check_commit
from infra.store.memory_lane import MemoryLane
from rules.loading import shipped
from schemas.churn import Tick
from schemas.codec import decode_record, decode_state
from schemas.lane import KafkaRecord, LaneState, Loaded
from schemas.times import DAY, SECOND, WEEK
from streams.churn import initial_state
from streams.ingest import AdmissionRules, Arrival, receive
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, drive
from streams.rulebook_schedule import RulebookSchedule
from tests.builders import START, at_once

_CONFIG = LaneConfig(0, 2, DAY, (28,), Tick(0, WEEK), initial_state((28,)), letters_limit=1.0)
_LIBRARY = RulebookSchedule(shipped())
_LIVES = 500
"""Records after which everything is forgotten: a store that grows would make each record dearer."""


class FuzzedLane:
    """Takes any record; raises where a worker would park."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._store, self._state, self._taken, self._now = MemoryLane(), msgspec.msgpack.encode(LaneState({})), 0, START

    def take(self, record: KafkaRecord) -> None:
        """Let the record in, handle it, commit, and begin anew from the commit."""
        if self._taken == _LIVES:
            self._begin()
        self._taken += 1
        self._now += SECOND
        item = receive(record, AdmissionRules(0, 2, self._now, forwards=True))
        arrivals, aside = ([item], []) if isinstance(item, Arrival) else ([], [item])
        lane = Lane(_CONFIG, decode_state(self._state), _LIBRARY)
        offsets = {record.topic: record.offset + 1}
        at_once(drive(lane.take(Batch(arrivals, self._now, offsets, aside, acting=self._now)), self))
        while lane.state.time < self._now:
            at_once(drive(lane.take(Batch([], self._now, offsets, acting=self._now)), self))

    async def load(self, step: NeedRecords) -> Loaded:
        return self._store.load(step.customers, step.customers, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> None:
        return None

    async def save(self, step: Save) -> bool:
        check_commit(step.commit)
        self._store.commit(step.commit)
        self._state = step.commit.state
        for body in step.commit.records.values():
            if body:
                decode_record(body)
        return True
