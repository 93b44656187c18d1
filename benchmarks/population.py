"""Customers as the engine leaves them after some weeks, as many as are wanted.

The records are the engine's own: households of *The Complete Journey* taken through the pure core, to the last byte
what a worker would have written. For more customers than households they come again under other ids.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path

import msgspec

from agents.bootstrap import initial_churn, lane_config
from agents.replay.event import ReplayEvent
from agents.replay.plan import plan_marks
from agents.simulate.journey import Journey
from infra.settings import load_settings
from infra.store import CustomerImage, RedisStore, commit_of
from rules.loading import shipped
from schemas.codec import decode_record, encode_record
from schemas.ids import partition_of
from schemas.lane import KafkaRecord, LaneState
from schemas.record import CustomerRecord, Timer, TimerKind
from schemas.times import DAY, SECOND, Millis, to_millis, to_rfc3339
from schemas.topics import LANE_TOPICS, TOPIC_OF
from streams.rulebook_schedule import RulebookSchedule
from tests.in_process_runner import InProcessRunner, WatermarkInterval

LANES = 8
_CUSTOMERS = 200
"""In one commit, as a worker writes them."""
_MOMENT = re.compile(rb'"(\d{4}-\d\d-\d\dT[^"]+)"')


def lived(weeks: int, households: int, teaching: int = 28, until: Millis | None = None) -> list[CustomerImage]:
    """Households after these weeks; in the first ``teaching`` days rules do not act, as in the demo's year.

    With ``until`` the weeks are moved in time, so that they end with that second.
    """
    settings = load_settings({"partitions": 1, "clock": "event"})
    journey = Journey(days=weeks * 7, households=households)
    later = 0 if until is None else (until - journey.end) // SECOND * SECOND
    rehearsal = InProcessRunner([lane_config(settings, 0, initial_churn(settings))], RulebookSchedule(shipped()))
    rehearsal.run([_intervals(journey, journey.start + teaching * DAY, later)])
    return sorted(rehearsal.shelves[0].images(), key=attrgetter("customer"))


def _intervals(journey: Journey, acts: Millis, later: Millis) -> Iterator[WatermarkInterval]:
    events = (moved(told, later) for told in journey.events()) if later else journey.events()
    for planned in plan_marks(events, end=journey.end + later):
        raws = [
            KafkaRecord(TOPIC_OF[told.type], 0, n, told.time, told.customer.encode(), told.body)
            for n, told in enumerate(planned.events)
        ]
        yield WatermarkInterval(raws, planned.time, acts + later)


def moved(told: ReplayEvent, later: Millis) -> ReplayEvent:
    """The same event at another time, with every moment that it tells of."""

    def later_moment(found: re.Match[bytes]) -> bytes:
        return f'"{to_rfc3339(to_millis(datetime.fromisoformat(found[1].decode())) + later)}"'.encode()

    return told._replace(time=told.time + later, body=_MOMENT.sub(later_moment, told.body))


def under_new_ids(
    known: list[CustomerImage], first: int, count: int, rings: Callable[[int], Millis] | None = None
) -> Iterator[CustomerImage]:
    """Customers number ``first`` to ``first + count``, each like one of the known.

    With ``rings`` a customer's next timer is the weekly look, at the moment told for their number; what they wait for
    later than that stays.
    """
    records = [decode_record(image.record) for image in known]
    waits = [record.timers for record in records]
    for number in range(first, first + count):
        like = number % len(known)
        record, timer = records[like], known[like].timer
        record.id = f"c-{number:08}"
        if rings is not None:
            timer = rings(number)
            _wake_at(record, waits[like], timer)
        yield msgspec.structs.replace(known[like], customer=record.id, record=encode_record(record), timer=timer)


def _wake_at(record: CustomerRecord, waits: list[Timer], due: Millis) -> None:
    later = [timer for timer in waits if timer.due > due and timer.kind != TimerKind.TICK]
    record.timers = [Timer(due, TimerKind.TICK), *later]


async def settle(store: RedisStore, customers: Iterator[CustomerImage], lanes: int = LANES) -> None:
    """Let the lanes of a store keep these customers, on top of those that they have."""
    versions = [(await store.claim(lane)).version for lane in range(lanes)]
    state = msgspec.msgpack.encode(LaneState(dict.fromkeys(LANE_TOPICS, 0)))

    async def keep(lane: int, mine: list[CustomerImage]) -> None:
        for start in range(0, len(mine), _CUSTOMERS):
            commit = commit_of(state, mine[start : start + _CUSTOMERS])
            versions[lane] = await store.commit(lane, versions[lane], commit)

    while some := list(islice(customers, _CUSTOMERS * lanes)):
        shares: list[list[CustomerImage]] = [[] for _ in range(lanes)]
        for image in some:
            shares[partition_of(image.customer, lanes)].append(image)
        await asyncio.gather(*(keep(lane, mine) for lane, mine in enumerate(shares)))


def resident(process: int | None = None) -> int:
    """Bytes of memory that a process holds; this one by default."""
    lines = Path(f"/proc/{process or 'self'}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1_024
