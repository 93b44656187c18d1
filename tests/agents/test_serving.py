"""A service that is asked to end does, whatever it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICE = """
import asyncio, sys
from agents.commands.serving import on_signals

async def serve():
    stopping = asyncio.Event()
    on_signals(stopping.set, grace=0.5)
    print("ready", flush=True)
    await stopping.wait()
    if sys.argv[1] == "waits":
        await asyncio.Event().wait()

asyncio.run(serve())
"""


def ended(kind: str, number: signal.Signals) -> tuple[int, str]:
    """Exit status of a service of that kind once it has been asked to end, and what it said."""
    command = [sys.executable, "-c", SERVICE, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        service.send_signal(number)
        _, said = service.communicate(timeout=60)
    return service.returncode, said


def test_a_service_ends_in_good_order_when_it_is_asked_to() -> None:
    assert ended("ends", signal.SIGTERM) == (0, "")
    assert ended("ends", signal.SIGINT) == (0, "")


def test_a_service_that_waits_for_ever_ends_all_the_same_and_says_where_it_waited() -> None:
    status, said = ended("waits", signal.SIGTERM)

    assert status == os.EX_TEMPFAIL
    assert "still waiting; it ends now" in said
    assert "run_until_complete" in said
