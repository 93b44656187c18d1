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
from tests.faults.probed_service import ROOT

_FILE = "CLOCK_FILE"
"""Holds by how many milliseconds the clock is wrong."""


class Clocked(Service):
    """Such a worker, as the test sees it."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__("worker", settings, directory, "clocked")
        self.command = [self.command[0], "-m", "tests.faults.clocked"]
        self._wrong_by = directory / "clock"
        self._environment |= {"PYTHONPATH": str(ROOT), _FILE: str(self._wrong_by)}
        self.set(0)

    def set(self, wrong_by: Millis) -> None:
        """From now on its clock is wrong by so much."""
        fresh = self._wrong_by.with_suffix(".new")
        fresh.write_text(str(wrong_by))
        fresh.rename(self._wrong_by)


def main() -> None:
    """Run the worker that the environment describes."""
    file = Path(os.environ[_FILE])

    def clock() -> Millis:
        return time.time_ns() // 1_000_000 + int(file.read_text())

    agents.bootstrap.__dict__["wall_clock"] = clock
    agents.commands.worker.worker()


if __name__ == "__main__":
    main()
