"""Servers with the load on them, and one peer's process at a time: started, waited for, checked."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from redis import Redis

from agents.catalogue import topic_specs
from benchmarks.peers.told import Told
from benchmarks.reference import load
from benchmarks.reference.checker import Expected, Found, check, expect
from benchmarks.reference.job import Action, decode_action
from benchmarks.reference.load import CUSTOMERS, EVENTS_EACH, PARTITIONS, TOPICS, messages
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.producer import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from infra.store.keys import lane_keys
from schemas.errors import TendError
from schemas.topics import POSITIONS
from tests.backends import kafka_from_maven

POLL_SECONDS = 0.05
QUIET_SECONDS = 1.5
"""Nothing comes any more, and all that is expected is there."""
STUCK_SECONDS = 12.0
"""Nothing comes any more, and something is missing."""
START_SECONDS = 90.0


class Peer(NamedTuple):
    """One way to do the job."""

    name: str
    module: str
    promise: str
    share: int = 1
    """It is given one part in so many of the events, and as few customers, as it is slow."""
    python: str = sys.executable
    transactions: bool = False
    checked: bool = True


Costs = dict[str, float]
"""CPU by kind of thread."""


class Run(msgspec.Struct, frozen=True):
    """What came of one run."""

    rate: float
    """Events a second, from the first action in the log to the last; looked at each 50 ms."""
    cost: float
    """Microseconds of the process' own CPU per event."""
    found: Found | None
    threads: Costs = {}
    """The same cost by thread: the main one, other ones that run Python, those of librdkafka."""


class Load(NamedTuple):
    """A load as it lies on the broker."""

    topics: tuple[str, ...]
    messages: list[load.Message]
    expected: Expected


class Servers:
    """A broker and a store of our own, with loads on the broker."""

    def __init__(self, kafka: str, given: str, directory: Path) -> None:
        self._kafka = kafka
        self._given = given
        self.directory = directory
        self._stack = ExitStack()
        self.brokers = given
        self.store = EmbeddedStore(directory / "store", "everysec")
        self.loads: dict[int, Load] = {}
        self._runs = 0

    def __enter__(self) -> Servers:
        if not self._given:
            self.brokers = self._stack.enter_context(broker(self._kafka, self.directory / "broker"))
        self._stack.enter_context(self.store)
        self.admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 2})
        settings = load_settings({"brokers": self.brokers, "partitions": PARTITIONS})
        Topics(KafkaConnection(self.brokers)).create(topic_specs(settings), 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def put(self, events: int, share: int = 1) -> None:
        """Lay down the load of those who get this share."""
        if share in self.loads:
            return
        count = events // share
        made = list(messages(count, customers=min(CUSTOMERS, count // EVENTS_EACH)))
        topics = TOPICS if share == 1 else tuple(f"{name}.{share}" for name in TOPICS)
        if share != 1:
            self.make(*topics)
        renamed = dict(zip(TOPICS, topics, strict=True))
        producer = BulkProducer(KafkaConnection(self.brokers))
        for one in made:
            producer.send(renamed[one.topic], one.partition, one.customer.encode(), one.value, one.at)
        producer.close()
        self.loads[share] = Load(topics, made, expect(made))

    def make(self, *names: str) -> None:
        """Topics of four partitions, whose records carry the moment at which the broker took them, and stay."""
        configs = {"retention.ms": "-1"}
        for made in self.admin.create_topics(
            [NewTopic(name, PARTITIONS, 1, config=configs) for name in names], operation_timeout=20
        ).values():
            made.result(30)

    def fresh(self, peer: Peer, *, soon: bool = False) -> Told:
        """An empty store, an empty topic for actions, and nothing published by tend.

        With ``soon`` the topics of events are empty too: little will come, and must go out soon.
        """
        self._runs += 1
        client: Any = Redis.from_url(self.store.url)
        client.flushall()
        client.close()
        outbound = f"actions-{self._runs}"
        self.make(outbound)
        self._renew(POSITIONS, *(TOPICS if soon else ()))
        return Told(
            self.brokers,
            self.store.url,
            f"bench-{self._runs}",
            outbound,
            TOPICS if soon else self.loads[peer.share].topics,
            str(self.directory),
            soon=soon,
            transactions=peer.transactions,
        )

    def renew_all(self) -> None:
        """All of tend's own topics are empty."""
        specs = topic_specs(load_settings({"brokers": self.brokers, "partitions": PARTITIONS}))
        self._delete(*(spec.name for spec in specs))
        Topics(KafkaConnection(self.brokers)).create(specs, 1)

    def _renew(self, *names: str) -> None:
        self._delete(*names)
        self.make(*names)

    def _delete(self, *names: str) -> None:
        for gone in self.admin.delete_topics(list(names), operation_timeout=20).values():
            gone.result(30)
        deadline = time.monotonic() + 20
        while set(names) & set(self.admin.list_topics(timeout=20).topics) and time.monotonic() < deadline:
            time.sleep(0.05)

    def run(self, peer: Peer) -> Run:
        """One peer over its load."""
        given, told = self.loads[peer.share], self.fresh(peer)
        events = len(given.messages)
        with started(peer, told) as process:
            seconds, spent = self._until_done(process, told, len(given.expected.actions) if peer.checked else 0)
        costs = {name: took / events * 1e6 for name, took in spent.items()}
        found = None
        if peer.checked:
            actions = sent(self.brokers, told.outbound)
            found = check(given.expected, self.stored(told), (action.id for action in actions))
        return Run(events / seconds, sum(costs.values()), found, costs)

    def _until_done(self, process: subprocess.Popen[bytes], told: Told, expected: int) -> tuple[float, Costs]:
        """Wait for the last action; seconds on the wall and of CPU since the first one."""
        started_at = time.monotonic()
        first = last = (0.0, dict[str, float]())
        count = 0
        with reader(self.brokers) as consumer:
            while True:
                time.sleep(POLL_SECONDS)
                if process.poll() is not None:
                    raise TendError(f"The peer has ended with status {process.returncode}.\n{_tail(told)}")
                out, now = written(consumer, told.outbound), time.monotonic()
                if out > count:
                    last = now, cpu_of(process.pid)
                    first, count = first if count else last, out
                elif count and now - last[0] > (QUIET_SECONDS if count >= expected else STUCK_SECONDS):
                    return last[0] - first[0], {kind: took - first[1].get(kind, 0.0) for kind, took in last[1].items()}
                elif not count and now - started_at > START_SECONDS:
                    raise TendError(f"The peer has sent nothing for {START_SECONDS:.0f} s.\n{_tail(told)}")

    def stored(self, told: Told) -> dict[str, bytes]:
        """Each customer's state, wherever the peer keeps it: in a hash of a lane, as a key, in a changelog."""
        client: Any = Redis.from_url(self.store.url)
        try:
            found = {}
            for partition in range(PARTITIONS):
                lane = client.hgetall(lane_keys(partition).customers)
                found.update({who.decode(): body for who, body in lane.items()})
            names = list(client.scan_iter(match="customer-*", count=5_000))
            for name, body in zip(names, client.mget(names) if names else (), strict=True):
                found[name.decode()] = body
            return found | self._changelog(told)
        finally:
            client.close()

    def _changelog(self, told: Told) -> dict[str, bytes]:
        topics = [name for name in self.admin.list_topics(timeout=20).topics if f"__{told.group}-" in name]
        return {
            (message.key() or b"").partition(b"|")[0].decode(): message.value() or b""
            for name in topics
            for message in everything(self.brokers, name)
        }


@contextmanager
def started(peer: Peer, told: Told) -> Iterator[subprocess.Popen[bytes]]:
    """The peer's process; asked to end, and after ten seconds made to."""
    root = Path(__file__).parents[2]
    with (Path(told.directory) / f"{told.group}.log").open("wb") as log:
        process = subprocess.Popen(
            [peer.python, "-m", peer.module, msgspec.json.encode(told).decode()],
            cwd=root,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def written(consumer: Consumer, topic: str) -> int:
    """Records in a topic, markers of transactions too."""
    return sum(
        consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20, cached=False)[1] for p in range(PARTITIONS)
    )


def sent(brokers: str, topic: str) -> list[Action]:
    """All actions that a reader of committed records sees."""
    return [decode_action(message.value() or b"") for message in everything(brokers, topic)]


def everything(brokers: str, topic: str) -> list[Message]:
    """All committed records of a topic."""
    found: list[Message] = []
    with reader(brokers) as consumer:
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        while batch := consumer.consume(10_000, 1.5):
            found += [one for one in batch if not one.error()]
    return found


@contextmanager
def reader(brokers: str, isolation: str = "read_committed") -> Iterator[Consumer]:
    """A client that commits nothing."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "bench-reader",
            "enable.auto.commit": False,
            "isolation.level": isolation,
            "fetch.wait.max.ms": 5,
            "log_level": 2,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _tail(told: Told) -> str:
    return (Path(told.directory) / f"{told.group}.log").read_text(errors="replace")[-2_000:]


def cpu_of(pid: int) -> Costs:
    """Seconds of CPU that a process took, in its own code and in the kernel for it, by kind of thread."""
    spent = dict.fromkeys(("main", "other", "librdkafka"), 0.0)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            name, _, rest = (thread / "stat").read_text().rpartition(")")
            fields = rest.split()
            kind = "main" if int(thread.name) == pid else "librdkafka" if "(rdk:" in name else "other"
            spent[kind] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def broker(kafka: str, directory: Path) -> AbstractContextManager[str]:
    """The address of a broker of its own: ``embedded``, or ``apache``."""
    return _embedded(directory) if kafka == "embedded" else _apache(directory)


@contextmanager
def _embedded(directory: Path) -> Iterator[str]:
    with EmbeddedBroker(directory) as broker:
        yield broker.address


@contextmanager
def _apache(directory: Path) -> Iterator[str]:
    if missing := [tool for tool in ("java", "mvn") if shutil.which(tool) is None]:
        raise TendError(f"No {' and no '.join(missing)}: install them (Java 17, Maven), or use --kafka embedded")
    with kafka_from_maven(directory, optimised=True) as address:
        yield address
