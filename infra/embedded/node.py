"""One node of Apache Kafka that is broker and controller at once, as a folder and two ports describe it."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.embedded.distribution import Distribution
from infra.embedded.process import HOST
from schemas.errors import TendError

_FORMAT_SECONDS = 90.0
_ONE = ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"]


class Node(msgspec.Struct, frozen=True):
    """Where a node keeps its log, and where it listens."""

    folder: Path
    port: int
    controller_port: int
    extra: Mapping[str, str] = {}
    """Further properties of the server, by name; they win over the ones made here."""

    @property
    def config(self) -> Path:
        """The file with its properties."""
        return self.folder / "server.properties"

    @property
    def data(self) -> Path:
        """The folder of its log."""
        return self.folder / "kafka"

    @property
    def _meta(self) -> Path:
        return self.data / "meta.properties"

    def cluster_id(self) -> str:
        """The id that its log was formatted with."""
        lines = self._meta.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]

    def write(self) -> None:
        """Write its properties."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))

    def prepare(self, kafka: Distribution) -> None:
        """Write its properties, and format its log where there is none yet.

        Raises:
            TendError: Kafka does not format it.
        """
        self.write()
        if self._meta.exists():
            return
        command = [*kafka.command(), "kafka.tools.StorageTool", "format", "--standalone"]
        done = subprocess.run(
            [*command, "-t", new_cluster_id(), "-c", str(self.config)],
            capture_output=True,
            text=True,
            timeout=_FORMAT_SECONDS,
            check=False,
        )
        if done.returncode:
            raise TendError(f"Kafka could not format {self.data}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _properties(self) -> dict[str, str]:
        here, controller = f"{HOST}:{self.port}", f"{HOST}:{self.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": controller,
            "listeners": f"PLAINTEXT://{here},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{here}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.data),
            "auto.create.topics.enable": "false",
            # One that was killed and comes back is let in once its session is over.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            # Nobody else is waited for, and a worker that was killed is missed soon.
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.num.partitions": "4",
            **{f"{name}.replication.factor": "1" for name in _ONE},
            **{f"{name}.min.isr": "1" for name in _ONE[1:]},
            # Small: some few clients on the same machine.
            "num.network.threads": "2",
            "num.io.threads": "4",
            "background.threads": "2",
            "log.cleaner.dedupe.buffer.size": "8388608",
            **self.extra,
        }


def new_cluster_id() -> str:
    """A cluster id as Kafka wants it: 16 bytes in base64, which must not begin with a dash."""
    return base64.urlsafe_b64encode(b"t" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
