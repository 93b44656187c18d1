"""A lane in service, over a dictionary that keeps the limits of the real store."""

from __future__ import annotations

from infra.store.commit_limits import check_commit
from infra.store.memory_lane import MemoryLane
from rules.loading import shipped
from schemas.churn import Tick
from schemas.events import AnyEvent
from schemas.lane import LaneState, Loaded
from schemas.times import DAY, WEEK, Millis
from streams.churn import initial_state
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, drive
from streams.rulebook_schedule import RulebookSchedule
from tests.builders import START, arrived, at_once


class Service:
    """A lane in service over a store with the limits of the real one."""

    def __init__(self) -> None:
        config = LaneConfig(0, 1, DAY, (28,), Tick(0, WEEK), initial_state((28,)))
        self.lane = Lane(config, LaneState(offsets={}), RulebookSchedule(shipped()))
        self.store = MemoryLane()
        self.failed: list[str] = []
        self.timers = 0

    def feed(self, *events: AnyEvent, now: Millis = START, until: Millis | None = None) -> None:
        """Take the events and the timers until the lane has come to ``until``, else to ``now``, the clock."""
        until = now if until is None else until
        arrivals = [arrived(one, n) for n, one in enumerate(events)]
        batch = Batch(arrivals, until, {}, acting=now)
        while True:
            at_once(drive(self.lane.take(batch), self))
            if self.lane.state.time >= until:
                return
            batch = Batch([], until, {}, acting=now)

    async def load(self, step: NeedRecords) -> Loaded:
        return self.store.load(step.customers, step.customers, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> None:
        return None

    async def save(self, step: Save) -> bool:
        check_commit(step.commit)
        self.store.commit(step.commit)
        self.failed += [failure.customer for failure in step.micro_batch.failed]
        self.timers += sum(trigger == "timer" for trigger, _ in step.micro_batch.outcomes)
        return True
