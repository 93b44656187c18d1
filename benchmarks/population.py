"""Customers as the engine leaves them after some weeks, as many as are wanted.

The records are the engine's own: households of *The Complete Journey* taken through the pure core, to the last byte
what a worker would have written. For more customers than households they come again under other ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from agents.ground import beginning, ground_of
from agents.replay.plan import plan_marks
from agents.simulate.journey import Journey
from infra.settings import load_settings
from infra.store import MAX_DECISIONS, CustomerImage, Store
from rules.loading import shipped
from schemas.codec import decode_record, encode_record
from schemas.ids import partition_of
from schemas.lane import Commit, LaneState, Raw
from schemas.times import DAY, Millis
from schemas.topics import LANE_TOPICS, TOPIC_OF
from streams.library import Library
from streams.rehearsal import Interval, Rehearsal, Shelf

LANES = 8
_CUSTOMERS = 200
"""In one commit, as a worker writes them."""


class _Shelf(Shelf):
    """Keeps the recent decisions as well."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: dict[str, list[bytes]] = {}

    def commit(self, commit: Commit) -> None:
        super().commit(commit)
        for who, some in commit.decisions.items():
            self.decisions[who] = [*self.decisions.get(who, ()), *some][-MAX_DECISIONS:]


def lived(weeks: int, households: int, teaching: int = 28) -> list[CustomerImage]:
    """Households after these weeks; in the first ``teaching`` days rules do not act, as in the demo's year."""
    settings = load_settings({"partitions": 1, "clock": "event"})
    journey = Journey(days=weeks * 7, households=households)
    rehearsal = Rehearsal([ground_of(settings, 0, beginning(settings))], Library(shipped()))
    shelf = _Shelf()
    rehearsal.shelves = [shelf]
    rehearsal.run([_intervals(journey, journey.start + teaching * DAY)])
    return [
        CustomerImage(who, body, shelf.orders.get(who), shelf.alarms.get(who), shelf.decisions.get(who, []))
        for who, body in sorted(shelf.records.items())
    ]


def _intervals(journey: Journey, acts: Millis) -> Iterator[Interval]:
    for planned in plan_marks(journey.events(), end=journey.end):
        raws = [
            Raw(TOPIC_OF[told.type], 0, n, told.time, told.customer.encode(), told.body)
            for n, told in enumerate(planned.events)
        ]
        yield Interval(raws, planned.time, acts)


def under_new_ids(known: list[CustomerImage], first: int, count: int) -> Iterator[CustomerImage]:
    """Customers number ``first`` to ``first + count``, each like one of the known."""
    records = [decode_record(image.record) for image in known]
    for number in range(first, first + count):
        like = number % len(known)
        record = records[like]
        record.id = f"c-{number:08}"
        yield msgspec.structs.replace(known[like], customer=record.id, record=encode_record(record))


async def settle(store: Store, customers: Iterator[CustomerImage]) -> None:
    """Let the lanes of a store keep these customers, on top of those that they have."""
    versions = [(await store.claim(lane)).version for lane in range(LANES)]
    state = msgspec.msgpack.encode(LaneState(dict.fromkeys(LANE_TOPICS, 0)))
    while some := list(islice(customers, _CUSTOMERS * LANES)):
        for lane in range(LANES):
            mine = [image for image in some if partition_of(image.customer, LANES) == lane]
            for start in range(0, len(mine), _CUSTOMERS):
                commit = _commit(state, mine[start : start + _CUSTOMERS])
                versions[lane] = await store.commit(lane, versions[lane], commit)


def _commit(state: bytes, some: list[CustomerImage]) -> Commit:
    return Commit(
        state,
        {image.customer: image.record for image in some},
        {image.customer: image.orders for image in some if image.orders},
        {image.customer: image.alarm for image in some if image.alarm is not None},
        {image.customer: image.decisions for image in some if image.decisions},
    )


def resident(process: int | None = None) -> int:
    """Bytes of memory that a process holds; this one by default."""
    lines = Path(f"/proc/{process or 'self'}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1_024
