"""Fuzz one door guided by coverage: ``python -m tests.fuzz.guided DOOR [-runs=N] [-max_total_time=SECONDS]``.

Needs Google's atheris in the environment (``pip install atheris``); what follows the door's name is libFuzzer's.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import tempfile
from pathlib import Path
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

    # Begins with the door's seeds; what it finds on the way goes there too, and a crash beside the working folder.
    folder = tempfile.mkdtemp(prefix="fuzz-")
    for number, seed in enumerate(door.seeds):
        Path(folder, str(number)).write_bytes(seed)
    atheris.Setup([*sys.argv, folder], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
