"""Garbage without end stops the lane it lies before, and says so; the others go on, and nothing is lost meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clock import wall_clock
from agents.installation import environment_of
from schemas.topics import BROWSE
from tests.backends import OwnBroker
from tests.engine.site import Site
from tests.shell import tend

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

POISON = 900


@pytest.fixture
def site(site_broker: OwnBroker, tmp_path: Path) -> Iterator[Site]:
    """Two lanes in service, no worker yet."""
    with Site(tmp_path, broker=site_broker, workers=0) as running:
        yield running


def poison(site: Site, partition: int) -> None:
    """A producer that speaks another language."""
    for number in range(POISON):
        site.producer.send(BROWSE, partition, b"c-1", b"<viewed>%d</viewed>" % number, wall_clock(), ())
    site.producer.flush()


def customer_of(site: Site, partition: int, name: str) -> str:
    """Somebody who belongs to this lane."""
    return next(who for who in (f"{name}-{n}" for n in range(99)) if site.partition(who) == partition)


def test_one_poisoned_lane_stops_and_can_be_let_pass(site: Site) -> None:
    behind, beside, later = (customer_of(site, p, name) for p, name in ((0, "behind"), (1, "beside"), (1, "later")))
    poison(site, partition=0)
    site.complain(behind)
    worker = site.installation.add_worker()

    site.until(lambda: "lane 0: parked Too many dead letters" in site.ready()[1], "/readyz says so")
    site.complain(beside)
    site.until(lambda: site.rules_acted(beside), "the other lane works")
    assert "of partition 0 cannot be handled, expected 50% at most" in worker.log.read_text()
    assert 'tend_lane_state{partition="0",state="parked"} 1.0' in site.metrics()
    assert len(site.letters()) < POISON
    assert not site.rules_acted(behind)

    worker.stop()
    site.settings = site.installation.settings = site.settings.model_copy(update={"dead_letters_percent": 100})
    site.installation.workers.clear()
    site.installation.add_worker()
    site.complain(later)
    site.until(lambda: site.rules_acted(behind) and site.rules_acted(later), "both lanes work")
    assert sorted(letter.raw.value or b"" for letter in site.letters()) == sorted(
        b"<viewed>%d</viewed>" % number for number in range(POISON)
    )
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)) == 3


def test_where_all_lanes_are_poisoned_the_worker_ends(site: Site) -> None:
    for partition in range(site.settings.partitions):
        poison(site, partition)

    said = tend("worker", environment={**environment_of(site.settings), "TEND_HTTP_PORT": "0"})

    assert said.status == 2
    assert "No lane is left to run" in said.err
    assert said.err.count("Too many dead letters") >= site.settings.partitions
    assert "tend dead-letters list" in said.err
