"""A broker and a store of our own, with loads on the broker."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from redis import Redis

from agents.catalogue import topic_specs
from benchmarks.peers.options import PeerOptions
from benchmarks.peers.peer import Peer
from benchmarks.peers.reading import everything
from benchmarks.reference import load
from benchmarks.reference.checker import Expected, expect
from benchmarks.reference.load import CUSTOMERS, EVENTS_EACH, PARTITIONS, TOPICS, messages
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from infra.store.keys import lane_keys
from schemas.topics import POSITIONS


class Load(NamedTuple):
    """A load as it lies on the broker."""

    topics: tuple[str, ...]
    messages: list[load.Message]
    expected: Expected


class Servers:
    """A broker and a store of our own, with loads on the broker."""

    def __init__(self, given: str, directory: Path) -> None:
        self._given = given
        self.directory = directory
        self._stack = ExitStack()
        self.brokers = given
        self.store = EmbeddedStore(directory / "store", "everysec")
        self.loads: dict[int, Load] = {}
        self._runs = 0

    def __enter__(self) -> Servers:
        if not self._given:
            self.brokers = self._stack.enter_context(EmbeddedBroker(self.directory / "broker", optimised=True)).address
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

    def fresh(self, peer: Peer, *, soon: bool = False) -> PeerOptions:
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
        return PeerOptions(
            self.brokers,
            self.store.url,
            f"bench-{self._runs}",
            outbound,
            TOPICS if soon else self.loads[peer.share].topics,
            str(self.directory),
            soon=soon,
        )

    def renew_all(self) -> None:
        """All of tend's own topics are empty."""
        specs = topic_specs(load_settings({"brokers": self.brokers, "partitions": PARTITIONS}))
        self.delete(*(spec.name for spec in specs))
        Topics(KafkaConnection(self.brokers)).create(specs, 1)

    def _renew(self, *names: str) -> None:
        self.delete(*names)
        self.make(*names)

    def topics(self) -> set[str]:
        """The names of all there are."""
        return set(self.admin.list_topics(timeout=20).topics)

    def delete(self, *names: str) -> None:
        """Let topics go, and wait until they are gone."""
        for gone in self.admin.delete_topics(list(names), operation_timeout=20).values():
            gone.result(30)
        deadline = time.monotonic() + 20
        while set(names) & self.topics() and time.monotonic() < deadline:
            time.sleep(0.05)

    def stored(self, told: PeerOptions) -> dict[str, bytes]:
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

    def _changelog(self, told: PeerOptions) -> dict[str, bytes]:
        topics = [name for name in self.admin.list_topics(timeout=20).topics if f"__{told.group}-" in name]
        return {
            (message.key() or b"").partition(b"|")[0].decode(): message.value() or b""
            for name in topics
            for message in everything(self.brokers, name)
        }
