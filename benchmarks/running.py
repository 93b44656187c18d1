"""The whole engine replaying a history, for measurements that look at it afterwards."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agents.catalogue import topic_specs
from agents.installation import Installation
from agents.replay.replay import Replay
from agents.signing import signing_of
from agents.simulate.journey import Journey
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.embedded.store import Durability
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from schemas.times import DAY
from tests.infra.broker_cluster import NODES, BrokerCluster
from tests.infra.store_cluster import StoreCluster

PARTITIONS = 4


class Run(NamedTuple):
    """A replay that has come to its end; its services still run."""

    installation: Installation
    partitions: int
    events: int
    seconds: float
    """From the first event sent to the last action published."""
    costs: list[float]
    """Seconds of CPU of each worker in that time."""
    store_cost: float
    """Seconds of CPU of the store, of a cluster all nodes together."""


class Servers(NamedTuple):
    """A broker and a store, or several of each."""

    settings: dict[str, Any]
    stores: Sequence[EmbeddedStore]


@contextmanager
def replayed(
    weeks: int,
    households: int,
    *,
    workers: int = 1,
    brokers: str = "",
    durability: Durability = "everysec",
    never_rewrite: bool = False,
    partitions: int = PARTITIONS,
    several_nodes: bool = False,
) -> Iterator[Run]:
    """These weeks, sent to these workers as fast as they can be.

    Args:
        weeks: of *The Complete Journey*; rules act in the second half.
        households: sampled.
        workers: processes.
        brokers: a Kafka to use instead of the embedded broker; its topics must not exist yet.
        durability: the store's ``appendfsync``.
        never_rewrite: let the append-only file grow, to measure it.
        partitions: lanes in all.
        several_nodes: three brokers, and a cluster of three stores with a replica each.
    """
    journey = Journey(days=weeks * 7, households=households)
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        home = Path(directory)
        if several_nodes:
            servers = running.enter_context(_several(home))
        else:
            servers = running.enter_context(_one_each(home, brokers, durability, never_rewrite))
        chosen = {"partitions": partitions, "clock": "event", "data_dir": directory}
        installation = Installation(load_settings(servers.settings | chosen), home)
        running.enter_context(own_topics(installation))
        running.callback(installation.stop)
        acts = journey.start + (journey.end - journey.start) // 2 // DAY * DAY
        installation.learner.start()
        for _ in range(workers):
            installation.add_worker()
        until_ready(installation)
        began, stored = time.perf_counter(), sum(cpu(store.pid) for store in servers.stores)
        spent = [cpu(worker.pid) for worker in installation.workers]
        *_, last = Replay(
            journey,
            [BulkProducer(installation.connection)],
            partitions,
            watermarks=signing_of(installation.settings),
            act_from=acts,
        ).run()
        installation.until_replayed(last.read, journey.end, patience=120)
        seconds = time.perf_counter() - began
        yield Run(
            installation,
            partitions,
            last.read,
            seconds,
            [cpu(worker.pid) - before for worker, before in zip(installation.workers, spent, strict=True)],
            sum(cpu(store.pid) for store in servers.stores) - stored,
        )


@contextmanager
def _one_each(home: Path, brokers: str, durability: Durability, never_rewrite: bool) -> Iterator[Servers]:
    extra = {"auto-aof-rewrite-percentage": "0"} if never_rewrite else {}
    with ExitStack() as running:
        address = brokers or running.enter_context(EmbeddedBroker(home)).address
        store = running.enter_context(EmbeddedStore(home, durability, extra=extra))
        yield Servers({"brokers": address, "redis_url": store.url}, [store])


@contextmanager
def _several(home: Path) -> Iterator[Servers]:
    with BrokerCluster(home / "brokers") as brokers, ExitStack() as running:
        cluster = StoreCluster(home)
        running.callback(cluster.kill)
        cluster.start()
        chosen = {"brokers": brokers.address, "redis_url": cluster.url, "redis_cluster": True, "replication": NODES}
        yield Servers(chosen, cluster.nodes)


@contextmanager
def own_topics(installation: Installation) -> Iterator[None]:
    """New topics, deleted at the end, so that the next round finds a broker as this one did."""
    installation.make_new_topics()
    try:
        yield
    finally:
        Topics(installation.connection).delete([spec.name for spec in topic_specs(installation.settings)])


def until_ready(installation: Installation) -> None:
    """Until all have their lanes: what it costs to start is not what events cost."""
    while not all(_is_ready(worker.http) for worker in installation.workers):
        installation.check()
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def cpu(process: int | None) -> float:
    """Seconds of CPU that a process took so far, in its own code and in the kernel for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
