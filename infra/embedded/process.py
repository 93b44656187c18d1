"""One child process that serves a TCP port: started, waited for, stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.child_process import dying_with_parent
from schemas.errors import TendError

HOST = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_TAIL_BYTES = 2_000
_SERVER_PORTS = (12_000, 32_000)
# Kafka's protocol: ApiVersions (key 18) version 0, correlation id 1, no client id.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free at this moment (somebody else may take it before you do).

    It lies below the ports that the system gives to clients (from 32768 on under Linux): else a client that asks for a
    server which is down may be given that very port, is connected to itself, and keeps the server from coming back.
    """
    while True:
        port = random.randrange(*_SERVER_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def kafka_answers(port: int) -> bool:
    """Whether something on 127.0.0.1 answers Kafka's first question (which versions it speaks)."""
    with socket.create_connection((HOST, port), timeout=1) as connection:
        connection.settimeout(1)
        connection.sendall(_API_VERSIONS)
        return len(connection.recv(4)) > 0


class ServerProcess:
    """A server as a child process, with its output in a log file.

    ``answers`` is asked with the port until it says that the server is ready. On Linux the kernel ends
    the child, by the signal ``end_with``, together with the thread that started it, so that a killed program leaves no
    server behind.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        log: Path,
        answers: Callable[[int], bool],
        environment: Mapping[str, str] | None = None,
        start_seconds: float = _START_SECONDS,
        end_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.port = port
        self.log = log
        self._answers = answers
        self._environment = dict(environment or {})
        self._start_seconds = start_seconds
        self.stop_seconds = _STOP_SECONDS
        """How long it may take to end when it is asked to."""
        self._end_with = end_with
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """``host:port`` of the server."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while the server runs, else nothing."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises as ``until_ready`` does."""
        self.launch()
        self.until_ready()

    def launch(self) -> None:
        """Start the server, and wait for nothing."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [*dying_with_parent(self._end_with), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
                # Ctrl-C reaches a whole group of processes; the program stops its servers last, by itself.
                start_new_session=True,
            )

    def until_ready(self) -> None:
        """Wait until a server that was launched answers.

        Raises:
            TendError: it ended at once or does not answer; the message carries the tail of its log.
        """
        deadline = time.monotonic() + self._start_seconds
        while not self._is_ready():
            if self.pid is None:
                raise TendError(f"{self.name} ended while starting.\n{self._how_it_was_started()}")
            if time.monotonic() > deadline:
                self.stop()
                raise TendError(
                    f"{self.name} does not answer on {self.address} after {self._start_seconds:.0f} s.\n"
                    f"{self._how_it_was_started()}"
                )
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            return self._answers(self.port)
        except OSError:
            return False

    def _how_it_was_started(self) -> str:
        tail = self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()
        return f"Command: {' '.join(self.command)}\nLog ({self.log}):\n{tail or '(empty)'}"

    def stop(self) -> None:
        """Ask the server to end, insist after ``stop_seconds``; does nothing when it has ended already."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            child.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kill(self) -> None:
        """End the server at once, without a chance to tidy up (SIGKILL), as a crash would."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
