"""A shop in service whose customers are known under two ids each: lives become one while workers are killed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self

import orjson

from agents.bootstrap import open_store
from agents.clock import wall_clock
from infra.kafka.partition_log import PartitionLog
from infra.kafka.topics import Topics
from schemas.codec import decode_orders, decode_record
from schemas.events import AnyEvent, encode_event
from schemas.ids import partition_of
from schemas.outcome import Decision, decode_decision
from schemas.times import DAY, SECOND, Millis
from schemas.topics import ACTION_TOPICS, CUSTOMERS, DECISIONS, EVENT_TOPICS, TOPIC_OF
from streams.customer import Customer
from tests.backends import OwnBroker
from tests.builders import event, placed
from tests.engine.site import Site, zone_where_it_is_noon
from tests.faults.probe import Passage, Safeguard, Step, order
from tests.faults.probed_service import ProbedService
from tests.lives import random_life

PARTITIONS = 4
WORKERS = 2
PORTION = 12
"""Events between two looks: so few that a life is always on its way."""
LOOK_SECONDS = 0.02
_TWO_SYSTEMS = 0.1
"""Share of events that come once more, as a producer sends them that did not hear the answer."""


class Pair(NamedTuple):
    """A customer, and the id that they were a guest under; each is kept on another partition."""

    guest: str
    customer: str

    @property
    def ids(self) -> tuple[str, str]:
        """Both."""
        return self.guest, self.customer


def pairs(count: int) -> list[Pair]:
    """Customers whose two ids lie on different partitions."""
    found: list[Pair] = []
    number = 0
    while len(found) < count:
        pair = Pair(f"g-{number}", f"c-{number}")
        if partition_of(pair.guest, PARTITIONS) != partition_of(pair.customer, PARTITIONS):
            found.append(pair)
        number += 1
    return found


class MergingShop:
    """Servers and workers, what is told to them, and what is done to them meanwhile."""

    def __init__(
        self, directory: Path, broker: OwnBroker, seed: int, customers: int, safeguard: Safeguard | None = None
    ) -> None:
        self.dice = Random(seed)
        self.pairs = pairs(customers)
        self.now: Millis = wall_clock()
        self.lives = {pair: self._life(pair) for pair in self.pairs}
        self.done: Counter[str] = Counter()
        """What has happened, by name."""
        self._site = Site(
            directory,
            workers=0,
            learner=True,
            broker=broker,
            partitions=PARTITIONS,
            session_seconds=2.0,
            fetch_wait_ms=20,
        )
        self._directory, self._safeguard = directory, safeguard
        self._waiting: list[AnyEvent] = []
        self.workers: list[ProbedService] = []

    def __enter__(self) -> Self:
        self._site.__enter__()
        for number in range(1, WORKERS + 1):
            settings = self._site.settings.model_copy(update={"group_instance_id": f"worker-{number}"})
            worker = ProbedService(settings, self._directory, number, self._safeguard)
            worker.begin()
            self.workers.append(worker)
        self._site.installation.workers[:] = self.workers
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()
        self._site.__exit__()

    # ------------------------------------------------------------ what is told

    def first_news(self) -> None:
        """Customers and guests register; some guests order, and are thanked for their first order."""
        self._waiting = [one for pair in self.pairs for one in self._registered(pair)]

    def lives_and_words(self) -> None:
        """What happens to all of them, under either id, and in between the word that both are one; some of it twice."""
        told: list[AnyEvent] = []
        for pair, life in self.lives.items():
            own = [self._under(pair, one) for one in life]
            said = event("customer.identified", self.now, who=pair.guest, into=pair.customer)
            own.insert(self.dice.randrange(len(own) + 1), said)
            told += own
        self.dice.shuffle(told)
        self._waiting = [*told, *self.dice.sample(told, round(len(told) * _TWO_SYSTEMS))]

    def second_orders(self) -> None:
        """After all of them are one: they order again, under either id."""
        self._waiting = []
        for pair in self.pairs:
            again = placed(self.now, f"o-again-{pair.customer}", who=self.dice.choice(pair.ids))
            self.lives[pair].append(again)
            self._waiting.append(again)

    def _life(self, pair: Pair) -> list[AnyEvent]:
        return [
            one.model_copy(update={"customer": pair.customer, "id": f"{one.id}-{pair.customer}"})
            for one in random_life(self.dice, start=self.now - 30 * DAY, days=29)
            if not one.type.startswith("receipt.")
        ]

    def _under(self, pair: Pair, one: AnyEvent) -> AnyEvent:
        return one.model_copy(update={"customer": self.dice.choice(pair.ids)})

    def _registered(self, pair: Pair) -> Iterator[AnyEvent]:
        zone = zone_where_it_is_noon()
        for who in pair.ids:
            yield event("customer.registered", self.now - 31 * DAY, who=who, email=f"{who}@example.org", zone=zone)
        first = placed(self.now - 60 * SECOND, f"o-first-{pair.customer}", who=pair.guest)
        self.lives[pair].append(first)
        yield first

    def feed(self, portions: int = 1) -> bool:
        """Tell a little more; False once all is told."""
        some, self._waiting = self._waiting[: PORTION * portions], self._waiting[PORTION * portions :]
        producer = self._site.producer
        for one in some:
            to = partition_of(one.customer, PARTITIONS)
            producer.send(TOPIC_OF[one.type], to, one.customer.encode(), encode_event(one), wall_clock())
        producer.flush()
        return bool(self._waiting)

    # ------------------------------------------------------------ what is done

    def kill_at(self, step: Passage | Step) -> None:
        """A worker ends at this step of a life's way, and is started again."""
        worker = self._ready()
        order(worker.probe, step, self.dice.randint(1, 3), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not worker.was_hit:
            self.feed()
            assert time.monotonic() < deadline, f"no worker came to {step}; logs in {self._directory}"
            time.sleep(LOOK_SECONDS)
        worker.kill()
        worker.begin()
        self.done[f"kill at {step}"] += 1

    def kill_any_time(self) -> None:
        """A worker is killed whatever it does."""
        worker = self._ready()
        self.feed(3)
        time.sleep(self.dice.uniform(0, 0.1))
        self.done["kill at random"] += worker.counts
        worker.kill()
        worker.begin()

    def _ready(self) -> ProbedService:
        def look() -> ProbedService | None:
            return next((one for one in self.dice.sample(self.workers, len(self.workers)) if one.ready), None)

        return self._site.until(look, "a worker works")

    def until_quiet(self) -> None:
        """Tell what is left, and wait until everything that it led to is handled and published."""
        while self.feed(20):
            pass
        topics, before = Topics(self._site.connection), None
        # What lanes send to each other comes behind the ends that were waited for.
        while (ends := topics.end_offsets(EVENT_TOPICS)) != before:
            self._site.installation.until_caught_up(EVENT_TOPICS, patience=60)
            before = ends

    # ------------------------------------------------------------ what has come of it

    def customers(self) -> dict[str, Customer]:
        """Everybody, as stored."""

        async def scan() -> dict[str, Customer]:
            async with open_store(self._site.settings) as store:
                return {
                    who: Customer(decode_record(record), decode_orders(book) if book else None)
                    for partition in range(PARTITIONS)
                    async for who, record, book in store.scan(partition)
                }

        return asyncio.run(scan())

    def actions(self) -> list[dict[str, Any]]:
        """What went out to senders."""
        return [orjson.loads(body) for topic in ACTION_TOPICS.values() for body in self._log(topic)]

    def decisions(self) -> list[Decision]:
        """The ledger."""
        return [decode_decision(body) for body in self._log(DECISIONS)]

    def lives_sent(self) -> list[str]:
        """The ids of the lives that were sent from one lane to another."""
        told = [orjson.loads(body) for body in self._log(CUSTOMERS)]
        return [one["id"] for one in told if one["type"] == "customer.merged"]

    def _log(self, topic: str) -> list[bytes]:
        with PartitionLog(self._site.connection) as log:
            return [raw.value or b"" for partition in range(PARTITIONS) for raw in log.read(topic, partition, 0)]
