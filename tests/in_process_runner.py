"""The engine without servers: lanes, learner and dictionaries as stores, in one process.

Takes the very steps of the worker (``streams.lane``), so what it leaves is what the worker must leave: the yardstick
of the equality tests, and of the benchmarks of the core.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

import msgspec

from infra.store.memory_lane import MemoryLane
from schemas.almanac import Almanac, decode_contribution, encode_almanac
from schemas.lane import KafkaRecord, LaneState, Loaded
from schemas.times import Millis
from schemas.topics import ACTION_TOPICS, LESSONS
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, drive
from streams.learner import Collector
from streams.merge import in_order
from streams.rulebook_schedule import RulebookSchedule


class WatermarkInterval(msgspec.Struct, frozen=True):
    """What lies between two watermarks of one partition."""

    raws: Sequence[KafkaRecord]
    until: Millis
    act_from: Millis = 0


class InProcessRunner:
    """All lanes and the learner, taking turns."""

    def __init__(self, configs: Sequence[LaneConfig], library: RulebookSchedule) -> None:
        self.configs = configs
        self.shelves = [MemoryLane() for _ in configs]
        self.almanacs: dict[int, Almanac] = {}
        self._lanes = [Lane(config, LaneState(offsets={}), library) for config in configs]
        self._collector = Collector(len(configs), configs[0].beginning)
        self._lessons = 0
        self._moves = 0
        """Counts what brings any lane further: where nothing does in a round, all wait in vain."""

    def run(self, intervals: Sequence[Iterable[WatermarkInterval]]) -> None:
        """Handle the intervals of each partition; ``intervals[p]`` are those of partition p, in order."""
        waiting = {p: self._lane(p, todo) for p, todo in enumerate(intervals)}
        while waiting:
            moves = self._moves
            for p, lane in list(waiting.items()):
                try:
                    lane.send(None)
                except StopIteration:
                    del waiting[p]
                    self._moves += 1
            if self._moves == moves:
                raise RuntimeError(f"lanes {sorted(waiting)} wait for an almanac; missing {self._collector.missing()}")

    async def _lane(self, p: int, intervals: Iterable[WatermarkInterval]) -> None:
        port = _Port(self, p)
        for interval in intervals:
            await drive(self._lanes[p].take(self._batch(p, interval)), port)

    def _batch(self, p: int, interval: WatermarkInterval) -> Batch:
        admission = AdmissionRules(p, len(self.configs), interval.until, forwards=False)
        arrivals: list[Arrival] = []
        aside: list[DeadLetter | Forward] = []
        for raw in interval.raws:
            item = receive(raw, admission)
            if isinstance(item, Arrival):
                arrivals.append(item)
            else:
                aside.append(item)
        return Batch(in_order(arrivals), interval.until, {}, aside, marked=True, act_from=interval.act_from)

    async def wait_for(self, epoch: int) -> Almanac:
        """The almanac of this epoch; the other lanes move on until it is made."""
        while epoch not in self.almanacs:
            await _OthersTurn()
        self._moves += 1
        return self.almanacs[epoch]

    def load(self, p: int, step: NeedRecords) -> Loaded:
        """What the store of a lane holds."""
        return self.shelves[p].load(step.customers, step.customers, step.due_until, step.due_limit)

    def commit(self, p: int, step: Save) -> None:
        """Keep what a lane has done, and let the learner have what it says."""
        self.shelves[p].commit(step.commit)
        self._moves += 1
        for entry in step.commit.outbox:
            if entry.topic == LESSONS:
                self._collector.add(decode_contribution(entry.value), self._lessons)
                self._lessons += 1
        while (almanac := self._collector.close()) is not None:
            self.almanacs[almanac.epoch] = almanac

    def action_ids(self) -> set[str]:
        """The ids of all actions that went to a care topic."""
        topics = set(ACTION_TOPICS.values())
        return {
            msgspec.json.decode(entry.value)["action_id"]
            for shelf in self.shelves
            for entry in shelf.outbox
            if entry.topic in topics
        }

    def almanac_bytes(self) -> dict[int, bytes]:
        """Each almanac as it would be published."""
        return {epoch: encode_almanac(almanac) for epoch, almanac in self.almanacs.items()}


class _Port:
    """Answers the steps of one lane."""

    def __init__(self, runner: InProcessRunner, p: int) -> None:
        self._runner, self._p = runner, p

    async def load(self, step: NeedRecords) -> Loaded:
        return self._runner.load(self._p, step)

    async def almanac(self, step: NeedAlmanac) -> Almanac:
        return await self._runner.wait_for(step.epoch)

    async def save(self, step: Save) -> bool:
        self._runner.commit(self._p, step)
        return True


class _OthersTurn:
    """Awaited by a lane that can't go on: the runner takes the next one."""

    def __await__(self) -> Generator[None, None, None]:
        yield
