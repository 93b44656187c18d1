"""Histories to replay, and what the pure core makes of them: the yardstick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from agents.bootstrap import initial_churn, lane_config
from agents.replay.event import ReplayEvent
from agents.replay.plan import plan_marks
from agents.simulate.journey import Journey
from infra.settings import Settings
from rules.loading import shipped
from rules.rulebook import Rulebook
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import TOPIC_OF
from streams.rulebook_schedule import RulebookSchedule
from tests.in_process_runner import InProcessRunner, WatermarkInterval

Key = TypeVar("Key", str, int)

EVERY = 400
"""Events between two watermarks: several intervals a day, so that kills fall within them."""


@dataclass(frozen=True, repr=False)
class History:
    """Events in the order of time, the same each time they are asked for."""

    name: str
    told: tuple[ReplayEvent, ...]
    start: Millis
    end: Millis
    act_from: Millis

    def events(self) -> Iterator[ReplayEvent]:
        """The events, from the first."""
        return iter(self.told)


@dataclass(frozen=True, repr=False)
class Result:
    """Everything that must be equal."""

    records: dict[str, bytes]
    orders: dict[str, bytes]
    almanacs: dict[int, bytes]
    actions: frozenset[str]

    def differences(self, other: Result) -> list[str]:
        """What is not equal, in words; empty where all is."""
        return [
            *_differences("record", self.records, other.records),
            *_differences("order book", self.orders, other.orders),
            *_differences("almanac", self.almanacs, other.almanacs),
            *(f"action {one} is missing" for one in sorted(self.actions - other.actions)),
            *(f"action {one} is too much" for one in sorted(other.actions - self.actions)),
        ]


def history(first_day: int, days: int, households: int | None, act_after: int = 0) -> History:
    """Days of *The Complete Journey*; rules act from ``act_after`` days on."""
    journey = Journey(first_day=first_day, days=days, households=households)
    act_from = journey.start + act_after * 86_400_000
    return History(journey.name, tuple(journey.events()), journey.start, journey.end, act_from)


def rehearse(
    source: History, settings: Settings, *, rulebook: Rulebook | None = None, to_last_event: bool = False
) -> InProcessRunner:
    """The pure core alone, in this process, with a dictionary as store.

    Args:
        rulebook: None is the shipped one.
        to_last_event: stop each lane at its last event, as one without watermarks must.
    """
    partitions = settings.partitions
    known = initial_churn(settings)
    rehearsal = InProcessRunner(
        [lane_config(settings, p, known) for p in range(partitions)], RulebookSchedule(rulebook or shipped())
    )
    intervals = _intervals(source, partitions)
    if to_last_event:
        intervals = [_cut(lane) for lane in intervals]
    rehearsal.run(intervals)
    return rehearsal


def rehearsed(source: History, settings: Settings) -> Result:
    """What the pure core leaves."""
    rehearsal = rehearse(source, settings)
    shelves = rehearsal.shelves
    return Result(
        {who: body for shelf in shelves for who, body in shelf.records.items()},
        {who: body for shelf in shelves for who, body in shelf.orders.items()},
        rehearsal.almanac_bytes(),
        frozenset(rehearsal.action_ids()),
    )


def _intervals(source: History, partitions: int) -> list[list[WatermarkInterval]]:
    intervals: list[list[WatermarkInterval]] = [[] for _ in range(partitions)]
    offsets: Counter[tuple[str, int]] = Counter()
    for planned in plan_marks(source.events(), every=EVERY, end=source.end):
        raws: list[list[KafkaRecord]] = [[] for _ in range(partitions)]
        for told in planned.events:
            partition, topic = partition_of(told.customer, partitions), TOPIC_OF[told.type]
            raw = KafkaRecord(topic, partition, offsets[topic, partition], told.time, told.customer.encode(), told.body)
            raws[partition].append(raw)
            offsets[topic, partition] += 1
        for partition in range(partitions):
            intervals[partition].append(WatermarkInterval(raws[partition], planned.time, source.act_from))
    return intervals


def _cut(lane: list[WatermarkInterval]) -> list[WatermarkInterval]:
    last = max(raw.timestamp for interval in lane for raw in interval.raws)
    return [
        WatermarkInterval(interval.raws, min(interval.until, last), interval.act_from)
        for interval in lane
        if interval.raws or interval.until <= last
    ]


def _differences(what: str, ours: Mapping[Key, bytes], theirs: Mapping[Key, bytes]) -> Iterator[str]:
    for key in sorted(ours.keys() | theirs.keys()):
        if key not in theirs:
            yield f"{what} {key} is missing"
        elif key not in ours:
            yield f"{what} {key} is too much"
        elif ours[key] != theirs[key]:
            yield f"{what} {key} differs"
