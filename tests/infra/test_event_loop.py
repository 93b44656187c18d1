"""What a worker runs in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SERVICE = """
import asyncio, gc
from infra.event_loop import run

async def service():
    print(type(asyncio.get_running_loop()).__module__, gc.get_freeze_count() > 1_000)

run(service())
"""


def test_a_service_runs_on_uvloop_and_collections_leave_what_it_loaded_alone() -> None:
    done = subprocess.run([sys.executable, "-c", _SERVICE], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout.split() == ["uvloop", "True"]
