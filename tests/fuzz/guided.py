"""Fuzz one door guided by coverage: ``python -m tests.fuzz.guided DOOR [-runs=N] [-max_total_time=SECONDS] [FOLDER]``.

Needs Google's atheris in the environment (``pip install atheris``); what follows the door's name is libFuzzer's.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
from typing import Any


def main() -> None:
    """Until libFuzzer ends, or a crash does."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["schemas", "streams", "rules", "agents", "infra"]):
        doors = importlib.import_module("tests.fuzz.doors").DOORS
    logging.disable(logging.CRITICAL)
    door = doors[sys.argv.pop(1)]

    def once(data: bytes) -> None:
        with contextlib.suppress(*door.refuses):
            door.enter(data)

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
