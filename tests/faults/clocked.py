"""A worker whose clock a test sets, ``python -m tests.faults.clocked``: the product's but for its clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

import agents.bootstrap
import agents.commands.worker
from agents.installation import Service
from infra.settings import Settings
from schemas.times import Millis
from tests.faults.probe import ROOT

_FILE = "CLOCK_FILE"
"""Holds by how many milliseconds the clock is wrong."""


class WrongClock:
    """The clock of a worker, as the test sets it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment = {_FILE: str(file)}
        """What the worker has to be told."""
        self.set(0)

    def set(self, wrong_by: Millis) -> None:
        """From now on it is wrong by so much."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(wrong_by))
        fresh.rename(self._file)


class Clocked(Service):
    """Such a worker, as the test sees it."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__("worker", settings, directory, "clocked")
        self.command = [self.command[0], "-m", "tests.faults.clocked"]
        clock = WrongClock(directory / "clock")
        self.set = clock.set
        self._environment |= {"PYTHONPATH": str(ROOT), **clock.environment}


def take_clock() -> None:
    """From now on this process goes by the clock that a test sets; where none does, by its own."""
    if not (told := os.environ.get(_FILE)):
        return
    file = Path(told)

    def clock() -> Millis:
        return time.time_ns() // 1_000_000 + int(file.read_text())

    agents.bootstrap.__dict__["wall_clock"] = clock


def main() -> None:
    """Run the worker that the environment describes."""
    take_clock()
    agents.commands.worker.worker()


if __name__ == "__main__":
    main()
