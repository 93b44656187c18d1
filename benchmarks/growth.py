"""What an event costs with 10,000 to 1,000,000 customers in the store, and with customers of one to five years.

    python -m benchmarks.growth [--most 1000000] [--events 20000] [--households 40] [--years 5] [--write]

The first table fills a store in steps with customers as the engine leaves them (``benchmarks.population``), and at each
step drives lanes over events of customers drawn from all of them: the worker's CPU is that of this process, without
Kafka. The second has households live their year of *The Complete Journey* again and again, one year later each time,
through the pure core with a dictionary as store, and tells what the last weeks of each year cost. ``--write`` puts both
tables into docs/scaling.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from agents.bootstrap import initial_churn, lane_config
from agents.clock import wall_clock
from agents.simulate.journey import Journey
from benchmarks.lives import around
from benchmarks.page import put
from benchmarks.population import LANES, lived, moved, settle, under_new_ids
from benchmarks.running import cpu
from benchmarks.shop import Shop
from benchmarks.timer_store import own_store
from infra.settings import load_settings
from infra.store import CustomerImage, RedisStore
from rules.loading import shipped
from schemas.codec import decode_orders, decode_record, encode_orders, encode_record
from schemas.events import decode_event
from schemas.lane import KafkaRecord, LaneState, Loaded
from schemas.order_book import OrderBook
from schemas.times import DAY, WEEK, Millis
from schemas.topics import LANE_TOPICS
from streams.customer import Customer
from streams.ingest import AdmissionRules, Arrival, receive
from streams.lane import Lane
from streams.lane_protocol import Batch, NeedAlmanac, NeedRecords, Save, drive
from streams.pipeline import fire_timers, handle, new_customer
from streams.rulebook_schedule import RulebookSchedule

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
WEEKS, HOUSEHOLDS = 12, 120
TURN = 800
"""Events in a batch of one lane."""
LAST: Millis = 4 * WEEK
"""The part of each year that is told."""
_MICRO = 1e6
_IDS = re.compile(rb'("(?:[a-z]+_)?id":")')


class Filled(NamedTuple):
    """What an event cost, by the number of customers in the store."""

    customers: int
    worker: float
    """Microseconds of CPU, of the door, the lane and its client of the store."""
    store: float
    """Of the store."""


class Aged(NamedTuple):
    """What an event cost at the end of a year, and how large customers are by then."""

    year: int
    events: int
    cost: float
    """Microseconds of CPU, of the pure core with reading and writing the customer."""
    record: float
    book: float
    """Stored bytes."""
    timers: float


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=1_000_000, help="customers; a tenth and a hundredth too")
    parser.add_argument("--events", type=int, default=20_000, help="at each step")
    parser.add_argument("--households", type=int, default=40)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    told = parser.parse_args()
    aged = list(years(told.years, told.households))
    known = lived(WEEKS, HOUSEHOLDS, until=wall_clock())
    with tempfile.TemporaryDirectory() as directory, own_store(Path(directory)) as url:
        filled = asyncio.run(steps(url, known, told.most, told.events))
    lines = [*_filled(filled), "", *_aged(aged)]
    print("\n".join(lines))
    if told.write:
        ran = f"--most {told.most} --events {told.events} --households {told.households} --years {told.years}"
        put("growth", [f"Made by `python -m benchmarks.growth {ran} --write`.", "", *lines], PAGE)


# ---------------------------------------------------------------- customers in the store


async def steps(url: str, known: list[CustomerImage], most: int, events: int) -> list[Filled]:
    """The store filled in steps, each measured."""
    later, held, found = wall_clock() + DAY, 0, []
    async with RedisStore(url) as store:
        await store.wipe()
        process = (await store.client.info("server"))["process_id"]
        for customers in (most // 100, most // 10, most):
            await settle(store, under_new_ids(known, held, customers - held, lambda _: later))
            held = customers
            await _events(store, customers, events // 10)  # what a process does for the first time
            began, stored = time.process_time(), cpu(process)
            await _events(store, customers, events)
            spent, stored = time.process_time() - began, cpu(process) - stored
            found.append(Filled(customers, spent / events * _MICRO, stored / events * _MICRO))
            print(found[-1], flush=True)
    return found


async def _events(store: RedisStore, customers: int, events: int) -> None:
    """Events of customers drawn from all, each lane's in its turn."""
    settings, dice = load_settings({"partitions": LANES, "clock": "wall"}), random.Random(customers + events)
    library, beginning = RulebookSchedule(shipped()), initial_churn(settings)
    ports = [_Port(store, lane, (await store.claim(lane)).version) for lane in range(LANES)]
    shop = Shop([f"c-{dice.randrange(customers):08}" for _ in range(events)], LANES)
    arrivals: list[list[Arrival]] = [[] for _ in range(LANES)]
    for number in range(events):
        made = shop.make(number, number + events)
        raw = KafkaRecord(made.topic, made.partition, number, made.at, made.customer.encode(), made.value)
        found = receive(raw, AdmissionRules(made.partition, LANES, made.at, forwards=False))
        assert isinstance(found, Arrival)
        arrivals[made.partition].append(found)
    now = wall_clock()
    for port, mine in zip(ports, arrivals, strict=True):
        state = LaneState(dict.fromkeys(LANE_TOPICS, 0), time=now - 1)
        lane = Lane(lane_config(settings, port.partition, beginning), state, library)
        for start in range(0, len(mine), TURN):
            await drive(lane.take(Batch(mine[start : start + TURN], now, {}, acting=now)), port)


class _Port:
    """Answers a lane from a store; what goes out is dropped."""

    def __init__(self, store: RedisStore, partition: int, version: int) -> None:
        self._store, self._version = store, version
        self.partition = partition

    async def load(self, step: NeedRecords) -> Loaded:
        return await self._store.load(self.partition, step.customers, step.customers, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> None:
        return None

    async def save(self, step: Save) -> bool:
        step.commit.outbox = ()
        self._version = await self._store.commit(self.partition, self._version, step.commit)
        return True


def _filled(found: list[Filled]) -> list[str]:
    first = found[0]
    lines = [
        "| customers in the store | CPU of the worker without Kafka, us per event | of the first "
        "| CPU of the store, us per event | of the first |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.customers:,} | {one.worker:,.0f} | {one.worker / first.worker:.2f} | {one.store:,.1f} "
        f"| {one.store / first.store:.2f} |"
        for one in found
    ]
    return lines


# ---------------------------------------------------------------- years


def years(many: int, households: int) -> Iterator[Aged]:
    """Year after year of the same lives, with other ids."""
    journey = Journey(households=households)
    lane, shelf = around(journey), dict[str, tuple[bytes, bytes]]()
    length = (journey.end - journey.start) // WEEK * WEEK
    for year in range(many):
        later, events, spent = year * length, 0, 0.0
        for told in journey.events():
            if told.time >= journey.start + length:
                break
            event = decode_event(_IDS.sub(b"\\g<1>%d-" % year, moved(told, later).body))
            began = time.process_time()
            customer = _read(shelf, event.customer) or new_customer(event.customer, event.at, lane)
            fire_timers(customer, event.at, lane)
            handle(customer, event, lane, event.at)
            shelf[event.customer] = encode_record(customer.record), encode_orders(customer.orders or OrderBook())
            if told.time >= journey.start + length - LAST:
                spent += time.process_time() - began
                events += 1
        yield _aged_now(year + 1, events, spent, shelf)


def _read(shelf: dict[str, tuple[bytes, bytes]], who: str) -> Customer | None:
    held = shelf.get(who)
    return held and Customer(decode_record(held[0]), decode_orders(held[1]))


def _aged_now(year: int, events: int, spent: float, shelf: dict[str, tuple[bytes, bytes]]) -> Aged:
    records = [record for record, _ in shelf.values()]
    return Aged(
        year,
        events,
        spent / events * _MICRO,
        mean(map(len, records)),
        mean(len(book) for _, book in shelf.values()),
        mean(len(decode_record(record).timers) for record in records),
    )


def _aged(found: list[Aged]) -> list[str]:
    first = found[0]
    lines = [
        "| customers of | CPU of the core, us per event of the last four weeks | of the first year | record, bytes "
        "| order book, bytes | timers |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.year} {'year' if one.year == 1 else 'years'} | {one.cost:,.0f} | {one.cost / first.cost:.2f} "
        f"| {one.record:,.0f} | {one.book:,.0f} | {one.timers:.1f} |"
        for one in found
    ]
    return lines


if __name__ == "__main__":
    main()
