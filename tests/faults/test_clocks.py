"""Clocks that leap, go back or are ahead, in a real worker: it says so, commits nothing, goes on once it is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clock import wall_clock
from schemas.times import DAY, HOUR, MINUTE, SECOND, Millis
from tests.backends import OwnBroker
from tests.engine.site import Site
from tests.faults.clocked import Clocked

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def site(site_broker: OwnBroker, tmp_path: Path) -> Iterator[Site]:
    """Two lanes in service, no worker yet."""
    with Site(tmp_path, broker=site_broker, workers=0) as running:
        yield running


@pytest.fixture
def worker(site: Site) -> Clocked:
    """A worker whose clock is right so far."""
    clocked = Clocked(site.settings, site.directory)
    site.installation.workers.append(clocked)
    clocked.start()
    site.until_ready()
    return clocked


def cared_for(site: Site, name: str) -> list[str]:
    customers = site.complain_all(name, 20)
    site.until(lambda: all(site.rules_acted(who) for who in customers), f"{name} are cared for")
    return customers


def furthest(site: Site) -> Millis:
    """The time of the lane that has come furthest."""
    return max(state.time for state in site.states() if state is not None)


@pytest.mark.parametrize("wrong_by", [30 * DAY, 2 * MINUTE, -HOUR, -30 * DAY], ids=str)
def test_while_the_clock_is_wrong_nothing_is_committed_and_events_wait(
    site: Site, worker: Clocked, wrong_by: Millis
) -> None:
    customers = cared_for(site, "before")

    worker.set(wrong_by)
    site.until(lambda: "clock" in site.ready()[1], "it says that its clock is wrong")
    waiting = site.complain_all("meanwhile", 20)
    assert site.ready()[0] == 503
    assert furthest(site) <= wall_clock() + MINUTE

    worker.set(0)
    site.until(lambda: all(site.rules_acted(who) for who in waiting), "those who waited are cared for")
    customers += waiting + cared_for(site, "after")
    site.until_ready()

    assert site.letters() == []
    assert furthest(site) <= wall_clock() + MINUTE
    published = [action["action_id"] for action in site.actions()]
    assert len(published) == len(set(published)) == len(customers)
    assert worker.pid is not None


def test_a_skew_below_what_is_tolerated_harms_nobody(site: Site, worker: Clocked) -> None:
    customers = cared_for(site, "before")

    for wrong_by in (40 * SECOND, 10 * SECOND, -20 * SECOND, 30 * SECOND):
        worker.set(wrong_by)
        customers += cared_for(site, f"at {wrong_by}".replace(" ", "-"))

    assert site.letters() == []
    assert len({action["action_id"] for action in site.actions()}) == len(site.actions()) == len(customers)
