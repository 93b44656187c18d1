"""Whatever is asked to end, or loses the program that started it, is gone soon."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agents.installation import environment_of
from tests.backends import own_broker_or_skip
from tests.engine.site import Site, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
SOON_SECONDS = 90.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose broker may be killed."""
    own_broker_or_skip()
    with Site(tmp_path, workers=0) as running:
        yield running


@pytest.fixture
def another(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """One more worker, which has just asked to join."""
    environment = {**os.environ, **environment_of(site.settings), "TEND_HTTP_PORT": "0"}
    log = site.directory / "another.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "agents.cli", "worker"], env=environment, stdout=out, stderr=out, cwd=ROOT
        )
    eventually(lambda: b"Metrics at" in log.read_bytes(), "the worker starts")
    yield worker
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    worker.wait()


@pytest.mark.parametrize("seconds", [0.0, 1.0, 3.0])
def test_a_worker_ends_when_it_is_asked_to_while_kafka_is_away(
    site: Site, another: subprocess.Popen[bytes], seconds: float
) -> None:
    time.sleep(seconds)
    site.broker.kill()
    time.sleep(1)

    another.send_signal(signal.SIGTERM)

    another.wait(SOON_SECONDS)


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_nothing_of_a_demo_outlives_it(tmp_path: Path, seconds: float) -> None:
    environment = {**os.environ, "TEND_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "agents.cli", "demo", "--weeks", "8", "--exit"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    ) as demo:
        services = eventually(lambda: _started(demo.pid), "broker, store, learner and worker run")
        time.sleep(seconds)
        demo.kill()

    _, alive = psutil.wait_procs(services, timeout=SOON_SECONDS)
    assert [service.cmdline() for service in alive] == []


def _started(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children(recursive=True)
    return children if len(children) >= 4 else []
