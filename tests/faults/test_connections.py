"""More idle connections than a process has descriptors, at a worker's metrics: the lanes do not notice."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.http import MOST_CONNECTIONS
from tests.engine.site import Site

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

IDLE = 1_300
ROOM = 4_096


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Room for the test's own ends of the connections; workers that are started already keep theirs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < ROOM:
        pytest.skip(f"this machine allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, ROOM), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("descriptors")
def test_lanes_go_on_and_metrics_answer(site: Site) -> None:
    pid = site.worker.pid
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1_024, 1_024))
    host, port = site.worker.address.split(":")
    before = len(list(Path(f"/proc/{pid}/fd").iterdir()))

    with ExitStack() as idle:
        for _ in range(IDLE):
            idle.enter_context(socket.create_connection((host, int(port)), timeout=60))
        customers = site.complain_all("meanwhile", 40)

        site.until(lambda: all(site.rules_acted(who) for who in customers), "they are cared for")
        assert site.ready() == (200, "ready\n")
        assert "tend_lane_state" in site.metrics()
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) <= before + MOST_CONNECTIONS + 20
    assert "Too many open files" not in site.worker.log.read_text()
