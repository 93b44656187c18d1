"""The engine without an engine: lanes, learner and a dictionary as store, in one process.

Takes the very steps of the worker (``streams.lane``), so what it leaves is what the worker must leave: the yardstick
of the equality tests, and what a dry run on history builds on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from schemas.almanac import Almanac, decode_contribution, encode_almanac
from schemas.lane import Commit, KafkaRecord, LaneState, Loaded, OutboxEntry
from schemas.times import Millis
from schemas.topics import ACTION_TOPICS, LESSONS
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.lane import Lane
from streams.lane_protocol import Answer, Batch, LaneConfig, NeedAlmanac, NeedRecords, Step, Steps
from streams.learner import Collector
from streams.merge import in_order
from streams.rulebook_schedule import RulebookSchedule


class WatermarkInterval(msgspec.Struct, frozen=True):
    """What lies between two watermarks of one partition."""

    raws: Sequence[KafkaRecord]
    until: Millis
    act_from: Millis = 0


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


class InProcessRunner:
    """All lanes and the learner, taking turns."""

    def __init__(self, configs: Sequence[LaneConfig], library: RulebookSchedule) -> None:
        self.configs = configs
        self.shelves = [DictStore() for _ in configs]
        self.almanacs: dict[int, Almanac] = {}
        self._lanes = [Lane(config, LaneState(offsets={}), library) for config in configs]
        self._collector = Collector(len(configs), configs[0].beginning)
        self._lessons = 0

    def run(self, intervals: Sequence[Iterable[WatermarkInterval]]) -> None:
        """Handle the intervals of each partition; ``intervals[p]`` are those of partition p, in order."""
        waiting: dict[int, tuple[Steps, Step | None]] = {
            p: (self._steps(p, todo), None) for p, todo in enumerate(intervals)
        }
        while waiting:
            moved = False
            for p in list(waiting):
                steps, step = waiting[p]
                step, progressed = self._advance(p, steps, step)
                moved = moved or progressed
                if step is None:
                    del waiting[p]
                else:
                    waiting[p] = (steps, step)
            if not moved:
                raise RuntimeError(f"lanes {sorted(waiting)} wait for an almanac; missing {self._collector.missing()}")

    def _steps(self, p: int, intervals: Iterable[WatermarkInterval]) -> Steps:
        for interval in intervals:
            yield from self._lanes[p].take(self._batch(p, interval))

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
        raws = {(raw.topic, raw.offset): raw for raw in interval.raws}
        return Batch(in_order(arrivals), interval.until, {}, aside, raws, marked=True, act_from=interval.act_from)

    def _advance(self, p: int, steps: Steps, step: Step | None) -> tuple[Step | None, bool]:
        """Take steps of one lane until it waits for an almanac that is not made yet, or is done."""
        answer: Answer = None
        if isinstance(step, NeedAlmanac):
            if step.epoch not in self.almanacs:
                return step, False
            answer = self.almanacs[step.epoch]
        try:
            while True:
                step = steps.send(answer)
                if isinstance(step, NeedAlmanac):
                    if step.epoch not in self.almanacs:
                        return step, True
                    answer = self.almanacs[step.epoch]
                else:
                    answer = self._answer(p, step)
        except StopIteration:
            return None, True

    def _answer(self, p: int, step: Step) -> Answer:
        if isinstance(step, NeedRecords):
            return self.shelves[p].load(step)
        assert not isinstance(step, NeedAlmanac)
        self.shelves[p].commit(step.commit)
        for entry in step.commit.outbox:
            if entry.topic == LESSONS:
                self._collector.add(decode_contribution(entry.value), self._lessons)
                self._lessons += 1
        while (almanac := self._collector.close()) is not None:
            self.almanacs[almanac.epoch] = almanac
        return None

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
