"""A process whose event loop stands still is ended, and says where it stood."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, time
from infra.watchdog import watch_loop

def endless() -> None:
    time.sleep({standing})

async def main() -> None:
    task = asyncio.create_task(watch_loop({allowed}))
    await asyncio.sleep(0.2)
    endless()
    await asyncio.sleep(0)
    task.cancel()

asyncio.run(main())
print("came to its end")
"""


@pytest.mark.parametrize(("standing", "allowed", "ends"), [(100, 1, False), (0.1, 100, True)])
def test_a_loop_that_stands_still_ends_its_process_with_the_stack(standing: float, allowed: float, ends: bool) -> None:
    script = SCRIPT.format(standing=standing, allowed=allowed)

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=90, check=False)

    assert (run.returncode == 0, "came to its end" in run.stdout, "in endless" not in run.stderr) == (ends, ends, ends)
