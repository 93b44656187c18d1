"""A store or broker that goes away comes back to an engine that has waited: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from agents.bootstrap import open_store
from agents.installation import environment_of
from infra.embedded.process import free_port
from schemas.lane import BrokerIdentity, Commit, LaneState
from schemas.topics import DECISIONS, LANE_TOPICS, MOVES
from tests.engine.site import Site, frozen

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose servers these tests may hurt."""
    with Site(tmp_path_factory.mktemp("site"), learner=True) as running:
        running.until_ready()
        yield running


def assert_each_acted_on_once(site: Site, customers: list[str]) -> None:
    site.until(lambda: all(site.rules_acted(who) for who in customers), "every complaint is routed")
    site.until_ready()
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)), "an action was published twice"


def not_ready_because(site: Site, *reasons: str) -> str:
    def look() -> str | None:
        status, text = site.ready()
        return text if status == 503 and all(reason in text for reason in reasons) else None

    return site.until(look, f"/readyz says {reasons}")


def test_a_store_that_goes_away_and_comes_back(own_site: Site) -> None:
    before = own_site.complain_all("store-before")
    own_site.store.kill()
    during = own_site.complain_all("store-during")

    not_ready_because(own_site, "lane 0: waiting the store at", "lane 1: waiting the store at")
    assert own_site.ask("/healthz")[0] == 200
    own_site.store.start()

    assert_each_acted_on_once(own_site, before + during)


def test_a_store_that_hangs(own_site: Site) -> None:
    with frozen(own_site.store.pid):
        during = own_site.complain_all("store-hangs")
        not_ready_because(own_site, "the store at")

    assert_each_acted_on_once(own_site, during)


def test_a_broker_that_hangs(own_site: Site) -> None:
    before = own_site.complain_all("broker-before")
    with frozen(own_site.broker.pid):
        not_ready_because(own_site, "Kafka has not answered")
    during = own_site.complain_all("broker-after")

    assert_each_acted_on_once(own_site, before + during)


def test_asked_to_end_a_worker_finishes_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with Site(tmp_path, workers=0) as site, worker_of(site) as first:
        site.until(lambda: all(site.states()), "the first worker owns all lanes")
        before = site.complain_all("end-before", 300)
        first.send_signal(signal.SIGTERM)

        assert first.wait(30) == 0
        decided = [state.sequence for state in site.states() if state]
        site.until(lambda: [published_by(site, p) for p in range(len(decided))] == decided, "all of it is out")

        with worker_of(site):
            after = site.complain_all("end-after", 20)
            site.until(lambda: all(site.rules_acted(who) for who in before + after), "the next worker goes on")
        ids = [action["action_id"] for action in site.actions()]
        assert len(ids) == len(set(ids))


def test_where_one_lane_may_not_run_the_others_do(tmp_path: Path) -> None:
    with Site(tmp_path, workers=0) as site:
        asyncio.run(spoil(site, partition=0))
        asyncio.run(keep(site, partition=1))
        site.installation.add_worker()

        reasons = not_ready_because(site, "lane 0: parked The store belongs to cluster another")
        good = next(f"park-{n}" for n in range(99) if site.partition(f"park-{n}") == 1)
        site.complain(good)

        site.until(lambda: site.rules_acted(good), "the other lane works")
        assert "lane 1" not in reasons.replace("lane 1: waiting", "")
        assert 'tend_lane_state{partition="0",state="parked"} 1.0' in site.metrics()


@contextmanager
def worker_of(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A worker without a lasting name, as a scaled service has them."""
    environment = {**os.environ, **environment_of(site.settings), "TEND_HTTP_PORT": str(free_port())}
    process = subprocess.Popen([sys.executable, "-m", "agents.cli", "worker"], env=environment)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def published_by(site: Site, partition: int) -> int:
    """The last sequence that a lane has published."""
    sequences = [
        int(dict(raw.headers)["tend-seq"].partition(b":")[2])
        for raw in site.log("care.tickets", "care.messages", DECISIONS, MOVES)
        if raw.partition == partition
    ]
    return max(sequences, default=0)


async def spoil(site: Site, partition: int) -> None:
    """Let the store say that this lane was another broker's."""
    await _write(site, partition, BrokerIdentity("another", {}))


async def keep(site: Site, partition: int) -> None:
    """Let the store say that this lane has begun here."""
    await _write(site, partition, None)


async def _write(site: Site, partition: int, broker: BrokerIdentity | None) -> None:
    state = LaneState(offsets=dict.fromkeys(LANE_TOPICS, 0), broker=broker, clock="wall")
    async with open_store(site.settings) as store:
        claimed = await store.claim(partition)
        await store.commit(partition, claimed.version, Commit(msgspec.msgpack.encode(state)))
