"""The embedded broker: Apache Kafka on a Java that pip brings, one node on 127.0.0.1."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

from infra.embedded.distribution import Distribution, distribution_of
from infra.embedded.node import Node
from infra.embedded.process import ServerProcess, free_port, kafka_answers
from infra.embedded.quick_start import quick_to_start
from infra.settings import load_settings

_START_SECONDS = 90.0


class EmbeddedBroker(ServerProcess):
    """A broker of its own for this program; its data is in ``directory`` and is there again on the next start.

    Args:
        directory: where its properties, its log and the topics go.
        port: the port on 127.0.0.1; 0 takes a free one.
        controller_port: another one, for what it says to itself; 0 takes a free one.
        extra: further properties of the server, by name; they win over the ones made here.
        kafka: what it is run with; nothing takes what the settings say.
        optimised: for long runs: it starts more slowly, and costs less from then on.

    Raises:
        TendError: there is no Kafka to be had, or it cannot be made ready; the message says what to do.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        controller_port: int = 0,
        extra: Mapping[str, str] | None = None,
        kafka: Distribution | None = None,
        *,
        optimised: bool = False,
    ) -> None:
        chosen = kafka or quick_to_start(distribution_of(load_settings()))
        node = Node(directory.absolute(), port or free_port(), controller_port or free_port(), extra or {})
        node.prepare(chosen)
        self.cluster_id = node.cluster_id()
        super().__init__(
            name="The embedded broker",
            command=[*chosen.command(optimised=optimised), "kafka.Kafka", str(node.config)],
            port=node.port,
            log=directory / "broker.log",
            answers=kafka_answers,
            start_seconds=_START_SECONDS,
            end_with=signal.SIGKILL,  # what is asked politely may wait, and here nobody is left to insist
        )
