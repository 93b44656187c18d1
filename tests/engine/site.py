"""A small store in service: events go in as a shop would send them, and what comes out is looked at."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeVar
from uuid import uuid4

import orjson
from confluent_kafka import Consumer, TopicPartition

from agents.bootstrap import open_store
from agents.clock import wall_clock
from agents.installation import Installation, Service, environment_of
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog, record_of
from infra.kafka.producers import BulkProducer
from infra.settings import Settings, load_settings
from schemas.codec import decode_record
from schemas.ids import partition_of
from schemas.lane import KafkaRecord, LaneState
from schemas.record import CustomerRecord
from schemas.times import Millis, to_rfc3339
from schemas.topics import ACTION_TOPICS, DEAD_LETTERS, DECISIONS, EVENT_TOPICS, MOVES, TOPIC_OF
from tests.shell import Said, tend

Found = TypeVar("Found")
_PATIENCE_SECONDS = 150.0
_ANSWER_SECONDS = 60.0
"""A bound for what hangs, which a machine with much to do does not come to."""
_NOON = 13


def zone_where_it_is_noon() -> str:
    """A time zone without quiet hours now, so that these tests pass around the clock."""
    ahead = _NOON - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"


def eventually(look: Callable[[], Found | None], what: str, alive: Callable[[], None] = lambda: None) -> Found:
    """Look until there is something, for some minutes at most."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        alive()
        time.sleep(0.1)
    raise AssertionError(f"still not: {what}")


@dataclass(frozen=True)
class Letter:
    """A dead letter, with its headers by name."""

    raw: KafkaRecord
    headers: Mapping[str, str]

    @property
    def reason(self) -> str:
        return self.headers["tend-reason"]

    @property
    def name(self) -> str:
        """As `tend dead-letters` calls it."""
        return f"{self.raw.partition}:{self.raw.offset}"


class Broker(Protocol):
    """What a site needs of its broker."""

    @property
    def address(self) -> str: ...

    @property
    def pid(self) -> int | None: ...

    def kill(self) -> None: ...


class SharedBroker(NamedTuple):
    """A broker that other tests need as well."""

    address: str
    pid: None = None

    def kill(self) -> None:
        raise AssertionError("others need it")


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """A process that neither answers nor ends."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Outlook:
    """All that comes out, read once and kept."""

    def __init__(self, connection: KafkaConnection, partitions: int) -> None:
        topics = {*ACTION_TOPICS.values(), *EVENT_TOPICS, DECISIONS, MOVES, DEAD_LETTERS}
        self._seen: list[KafkaRecord] = []
        self._consumer = Consumer(
            connection.librdkafka(group_id="outlook", enable_auto_commit=False, fetch_wait_max_ms=200)
            | {"isolation.level": "read_committed"}
        )
        self._consumer.assign([TopicPartition(topic, p, 0) for topic in topics for p in range(partitions)])

    def seen(self) -> list[KafkaRecord]:
        """What has come so far, in the order of each partition."""
        while messages := self._consumer.consume(1_000, timeout=0.05):
            self._seen.extend(record_of(message) for message in messages if message.error() is None)
        return self._seen

    def close(self) -> None:
        """Let the connection go."""
        self._consumer.close()


class Site:
    """A broker, a store and a worker, in service unless the settings say otherwise; a learner where it is asked for."""

    def __init__(
        self, directory: Path, *, workers: int = 1, learner: bool = False, broker: Broker | None = None, **chosen: Any
    ) -> None:
        self.directory = directory
        # A broker that is given runs already, and goes on when the site has ended.
        self._own_broker = None if broker else EmbeddedBroker(directory / "broker")
        serving = broker or self._own_broker
        assert serving is not None
        self.broker: Broker = serving
        self.store = EmbeddedStore(directory / "store", "everysec")
        self._workers, self._learner = workers, learner
        self._chosen = chosen
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._own_broker is not None:
            self._stack.enter_context(self._own_broker)
        self._stack.enter_context(self.store)
        usual = {"partitions": 2, "clock": "wall", "tick_ms": 200, "group": f"test-{uuid4().hex[:8]}"}
        places = {"brokers": self.broker.address, "redis_url": self.store.url, "data_dir": self.directory}
        self.settings: Settings = load_settings({**usual, **places, **self._chosen})
        self.connection = KafkaConnection.of(self.settings)
        self.installation = Installation(self.settings, self.directory)
        self.installation.make_topics()
        self.producer = BulkProducer(self.connection)
        self._outlook = Outlook(self.connection, self.settings.partitions)
        self._stack.callback(self._outlook.close)
        self._stack.callback(self.installation.stop)
        if self._learner:
            self.installation.learner.start()
        for _ in range(self._workers):
            self.installation.add_worker()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def worker(self) -> Service:
        """The first worker."""
        return self.installation.workers[0]

    def tend(self, *arguments: str) -> Said:
        """Run a command against this site."""
        return tend(*arguments, environment=environment_of(self.settings))

    # ------------------------------------------------------------ in

    def partition(self, customer: str) -> int:
        """Where the customer belongs."""
        return partition_of(customer, self.settings.partitions)

    def put(
        self,
        topic: str,
        body: bytes,
        customer: str = "c-1",
        partition: int | None = None,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> int:
        """Send anything; the offset it got."""
        to = self.partition(customer) if partition is None else partition
        self.producer.send(topic, to, customer.encode(), body, wall_clock(), headers)
        return self.producer.flush()[topic, to] - 1

    def tell(self, kind: str, customer: str, at: Millis | None = None, **fields: Any) -> bytes:
        """Send an event of the contract, of this moment if not told otherwise; its body."""
        body = self.event(kind, customer, at, **fields)
        self.put(TOPIC_OF[kind], body, customer)
        return body

    def event(self, kind: str, customer: str, at: Millis | None = None, **fields: Any) -> bytes:
        """An event as JSON."""
        time = to_rfc3339(wall_clock() if at is None else at)
        return orjson.dumps({"id": uuid4().hex, "type": kind, "customer": customer, "time": time, **fields})

    def register(self, customer: str, at: Millis | None = None) -> None:
        """A customer who may be reached at any time, by anything."""
        zone = zone_where_it_is_noon()
        self.tell("customer.registered", customer, at, name="Anna", email="a@example.org", zone=zone)
        for channel in ("email", "push"):
            self.tell("consent.granted", customer, at, channel=channel, purpose="marketing")

    def complain(self, customer: str, complaint: str = "p-1") -> None:
        """Something went wrong: leads to a ticket at any hour."""
        self.tell("complaint.opened", customer, complaint_id=complaint, category="delivery")

    def complain_all(self, name: str, count: int = 40) -> list[str]:
        """Something went wrong for many at once; their ids."""
        customers = [f"{name}-{number}" for number in range(count)]
        for customer in customers:
            self.complain(customer)
        return customers

    # ------------------------------------------------------------ out

    def log(self, *topics: str) -> list[KafkaRecord]:
        """Everything that has come to lie in these topics so far."""
        return [one for one in self._outlook.seen() if one.topic in topics]

    def broadcast(self, topic: str) -> list[KafkaRecord]:
        """Everything that lies in a topic of one partition."""
        with PartitionLog(self.connection) as log:
            return list(log.read(topic, 0, 0))

    def actions(self, customer: str = "") -> list[dict[str, Any]]:
        """What went out to senders: of one customer, or of all."""
        found = [orjson.loads(raw.value or b"") for raw in self.log(*ACTION_TOPICS.values())]
        return [action for action in found if not customer or action["customer"] == customer]

    def rules_acted(self, customer: str) -> set[str]:
        """The rules that did something for them."""
        return {action["rule"] for action in self.actions(customer)}

    def decisions(self, customer: str) -> list[dict[str, Any]]:
        """The ledger's entries of one customer."""
        found = [orjson.loads(raw.value or b"") for raw in self.log(DECISIONS)]
        return [decision for decision in found if decision["customer"] == customer]

    def letters(self, customer: str = "") -> list[Letter]:
        """The dead letters under this key, or all."""
        return [
            Letter(raw, {name: value.decode() for name, value in reversed(raw.headers)})
            for raw in self.log(DEAD_LETTERS)
            if not customer or raw.key == customer.encode()
        ]

    def record(self, customer: str) -> CustomerRecord | None:
        """What is kept of them."""

        async def ask() -> bytes | None:
            async with open_store(self.settings) as store:
                return (await store.customer(self.partition(customer), customer))[0]

        body = asyncio.run(ask())
        return decode_record(body) if body else None

    def states(self) -> list[LaneState | None]:
        """Where each lane stands."""
        return asyncio.run(self.installation.states())

    def metrics(self, service: Service | None = None) -> str:
        """What a service tells Prometheus."""
        return self.ask("/metrics", service)[1]

    def ready(self, service: Service | None = None) -> tuple[int, str]:
        """Status and reasons of /readyz."""
        return self.ask("/readyz", service)

    def ask(self, path: str, service: Service | None = None) -> tuple[int, str]:
        """Status and text of a page."""
        try:
            with urllib.request.urlopen(
                f"http://{(service or self.worker).address}{path}", timeout=_ANSWER_SECONDS
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """Look until there is something; a service that ends meanwhile is told."""

        def looked() -> Found | None:
            try:
                return look()
            except OSError:
                self._check()
                raise

        return eventually(looked, what, self._check)

    def _check(self) -> None:
        for worker in self.installation.workers:
            worker.check()
        if self._learner:
            self.installation.learner.check()

    def until_ready(self) -> None:
        """Wait until the worker runs all lanes."""
        self.until(lambda: self.ready()[0] == 200 and all(self.states()), "the worker is ready")
