"""Three brokers that are controllers as well: Apache Kafka as it runs in service, each node to be killed or frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in its __all__
    AdminClient,
    ClusterMetadata,
)

from infra.embedded import EmbeddedBroker
from infra.embedded.distribution import Distribution, distribution_of
from infra.embedded.node import Node, new_cluster_id
from infra.embedded.process import HOST, free_port
from infra.embedded.quick_start import quick_to_start
from infra.settings import load_settings

NODES = 3
_SECONDS = 120.0
_SMALL = ("-Xmx256m",)
"""Three of them beside everything else."""
_REPLICATED = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")
_SEGMENT = "00000000000000000000.log"


class BrokerCluster:
    """Replication 3, at least 2 in sync; its log is there again on the next start.

    Args:
        directory: where its nodes keep their files.
    """

    def __init__(self, directory: Path) -> None:
        chosen = quick_to_start(distribution_of(load_settings()))
        kafka = msgspec.structs.replace(chosen, options=(*chosen.options, *_SMALL))
        ports = [(free_port(), free_port()) for _ in range(NODES)]
        cluster, voters = new_cluster_id(), [f"{n}@{HOST}:{port}" for n, (_, port) in enumerate(ports, 1)]
        self.nodes = []
        for number, (port, controller_port) in enumerate(ports, 1):
            folder = directory.absolute() / f"broker-{number}"
            extra = _properties(number, voters)
            _format(Node(folder, port, controller_port, extra), kafka, cluster)
            self.nodes.append(EmbeddedBroker(folder, port, controller_port, extra, kafka))

    @property
    def address(self) -> str:
        """Where clients begin, whichever of them are away."""
        return ",".join(node.address for node in self.nodes)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start those that do not run."""
        away = [node for node in self.nodes if node.pid is None]
        for node in away:
            node.launch()  # no node answers before there are two
        for node in away:
            node.until_ready()
        self.until(lambda: len(self._metadata().brokers) == NODES, "all brokers know each other")

    def kill(self) -> None:
        """Kill all of them."""
        for node in self.nodes:
            node.kill()

    def leader(self, topic: str, partition: int) -> EmbeddedBroker:
        """The node that leads a partition."""
        led_by = self._metadata().topics[topic].partitions[partition].leader
        return self.nodes[led_by - 1]

    def in_sync(self, topic: str, partition: int) -> list[int]:
        """The numbers of the nodes that are in sync."""
        return sorted(self._metadata().topics[topic].partitions[partition].isrs)

    def until_in_sync(self) -> None:
        """Wait until every partition has all of its replicas in sync again."""

        def all_in_sync() -> bool:
            topics = self._metadata().topics.values()
            return all(len(one.isrs) == len(one.replicas) for topic in topics for one in topic.partitions.values())

        self.until(all_in_sync, "all replicas are in sync")

    def until(self, look: Callable[[], bool], what: str) -> None:
        """Look until it is so."""
        deadline = time.monotonic() + _SECONDS
        while not look():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still not: {what}")
            time.sleep(0.1)

    def _metadata(self) -> ClusterMetadata:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
        return admin.list_topics(timeout=_SECONDS)


def freeze(node: EmbeddedBroker) -> None:
    """It neither answers nor ends."""
    assert node.pid is not None
    os.kill(node.pid, signal.SIGSTOP)


def wake(node: EmbeddedBroker) -> None:
    """It goes on as if no time had passed."""
    assert node.pid is not None
    os.kill(node.pid, signal.SIGCONT)


def lose_tails(node: EmbeddedBroker, topics: Sequence[str], size: int) -> int:
    """Cut the ends off a dead node's logs, as a machine that loses power does; how many were cut."""
    assert node.pid is None
    cut = 0
    for segment in (node.log.parent / "kafka").glob(f"*/{_SEGMENT}"):
        held = segment.stat().st_size
        if segment.parent.name.rpartition("-")[0] in topics and held:
            os.truncate(segment, max(held - size, 0))
            cut += 1
    return cut


def _properties(number: int, voters: Sequence[str]) -> dict[str, str]:
    return {
        "node.id": str(number),
        "controller.quorum.voters": ",".join(voters),
        "controller.quorum.bootstrap.servers": ",".join(voter.partition("@")[2] for voter in voters),
        "default.replication.factor": str(NODES),
        "min.insync.replicas": "2",
        # A follower that does not fetch is out of sync after seconds, instead of half a minute.
        "replica.lag.time.max.ms": "3000",
        **{f"{name}.replication.factor": str(NODES) for name in _REPLICATED},
        **{f"{name}.min.isr": "2" for name in _REPLICATED[1:]},
    }


def _format(node: Node, kafka: Distribution, cluster: str) -> None:
    node.write()
    command = [*kafka.command(), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(node.config)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
