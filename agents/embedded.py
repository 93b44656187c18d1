"""A whole installation on one machine, kept in a folder; what ends by itself is started anew."""

from __future__ import annotations

import fcntl
import logging
import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from agents.installation import Installation
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.process import ServerProcess, free_port
from infra.embedded.store import EmbeddedStore
from infra.settings import load_settings
from schemas.errors import TendError

log = logging.getLogger(__name__)

PARTITIONS: Final = 4
CONFIG: Final = "tend.toml"
_ATTEMPTS: Final = 3
_PORTS: Final = ("broker_port", "controller_port", "store_port")


class Embedded:
    """The servers and services of a folder; what they keep is there again when they are started anew.

    Args:
        folder: where logs of events, records, settings and secrets lie.
        chosen: settings beside those of the folder, by name.
    """

    def __init__(self, folder: Path, chosen: dict[str, Any] | None = None) -> None:
        self.folder = folder
        ports = _ports(folder)
        self._broker = EmbeddedBroker(folder, ports["broker_port"], ports["controller_port"], optimised=True)
        self._store = EmbeddedStore(folder, port=ports["store_port"])
        self.settings = load_settings(_kept(folder, self._broker.address, self._store.url) | (chosen or {}))
        self.installation = Installation(self.settings, folder)

    @property
    def config(self) -> Path:
        """The settings that point other commands at it."""
        return self.folder / CONFIG

    def servers(self) -> list[ServerProcess]:
        """All processes, in the order in which they are started."""
        return [self._broker, self._store, self.installation.learner, *self.installation.workers]

    def start(self) -> None:
        """Start all, and make the topics that are missing."""
        for server in (self._broker, self._store):
            server.start()
        self.installation.make_topics()
        _patiently(self.installation.learner.start)
        _patiently(self.installation.add_worker)

    def stop(self) -> None:
        """Let the services finish what they have in hand, then end the servers."""
        self.installation.stop()
        self._store.stop()
        self._broker.stop()

    def mend(self, told: Callable[[str], None]) -> None:
        """Start anew whatever has ended by itself; where that fails, it is tried again the next time."""
        for server in self.servers():
            if server.pid is None:
                told(f"{server.name} has ended and is started again; its log is {server.log}")
                try:
                    server.start()
                except TendError as problem:
                    told(str(problem))


@contextmanager
def embedded(folder: Path, chosen: dict[str, Any] | None = None) -> Iterator[Embedded]:
    """The installation of a folder, running for the time of the block.

    Raises:
        TendError: it cannot be written to, another process runs it already, or a server does not start.
    """
    with ExitStack() as running:
        running.enter_context(_alone(folder))
        found = Embedded(folder, chosen)
        running.callback(found.stop)
        found.start()
        yield found


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TendError(
            f"{folder} cannot be written to: {error.strerror}. Name a folder of yours with --data."
        ) from None
    try:
        _take(held, folder)
        yield
    finally:
        os.close(held)


def _take(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TendError(
            f"{folder} is served already. Point commands at it with export TEND_CONFIG={folder / CONFIG}, or name "
            "another folder with --data."
        ) from None


def _patiently(start: Callable[[], object]) -> None:
    """Start a service; on a machine that has much else to do, try again before giving up."""
    for _ in range(_ATTEMPTS - 1):
        try:
            start()
        except TendError as problem:
            log.warning("%s", problem)
        else:
            return
    start()


def _ports(folder: Path) -> dict[str, int]:
    """The ports of the folder's servers: the same at each start, as clients keep them."""
    path = folder / "ports.json"
    known = orjson.loads(path.read_bytes()) if path.exists() else {}
    ports = {name: known.get(name) or free_port() for name in _PORTS}
    path.write_bytes(orjson.dumps(ports))
    return ports


def _kept(folder: Path, brokers: str, store: str) -> dict[str, Any]:
    """The folder's own settings, with what its servers need; written where other commands can be pointed at them."""
    path = folder / CONFIG
    known = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    chosen = {
        "partitions": PARTITIONS, **known, "brokers": brokers, "redis_url": store,
        "data_dir": str(folder.absolute()),
    }  # fmt: skip
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in chosen.items()]
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return chosen
