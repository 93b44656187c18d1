"""Internal topics are doors too: what somebody else writes there ends nobody, is counted, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import POSITIONS, WATERMARKS
from tests.backends import OwnBroker
from tests.engine.site import Site
from tests.faults.poison import BROADCAST, POISON, poison

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

REFUSED = r'^tend_internal_refused_total\{{topic="{}"\}} (.+)$'


@pytest.fixture
def site(site_broker: OwnBroker, tmp_path: Path) -> Iterator[Site]:
    """A worker and a learner in service."""
    with Site(tmp_path, broker=site_broker, learner=True) as running:
        running.until_ready()
        yield running


def refused(site: Site, topic: str) -> bool:
    """Whether worker or learner has counted all of the poison; who opens a lane again meets it again."""
    count = len(POISON) * (site.settings.partitions if topic == POSITIONS else 1)
    told = [site.metrics(service) for service in (site.worker, site.installation.learner)]
    counted = [re.search(REFUSED.format(re.escape(topic)), metrics, re.MULTILINE) for metrics in told]
    return any(float(found[1]) >= count for found in counted if found)


def cared_for(site: Site, name: str) -> list[str]:
    """Customers who complain, and are answered."""
    customers = site.complain_all(name, 10)
    site.until(lambda: all(site.rules_acted(who) for who in customers), f"{name} are cared for")
    return customers


def test_poison_in_every_internal_topic_ends_nobody_now_or_at_the_next_start(site: Site) -> None:
    customers = cared_for(site, "before")

    for topic in BROADCAST:
        poison(site.producer, topic, 0)
    for partition in range(site.settings.partitions):
        poison(site.producer, WATERMARKS, partition)
    site.until(lambda: all(refused(site, topic) for topic in BROADCAST), "all of it is counted")
    customers += cared_for(site, "during")
    for partition in range(site.settings.partitions):
        poison(site.producer, POSITIONS, partition)
    before = site.worker.log.read_text()

    site.worker.stop()
    site.installation.learner.stop()
    site.installation.workers.clear()
    site.installation.add_worker()
    site.installation.learner.start()
    customers += cared_for(site, "after")

    site.until(lambda: refused(site, POSITIONS), "the positions that are not ours are counted")
    assert "parked" not in before + site.worker.log.read_text()
    published = [action["action_id"] for action in site.actions()]
    assert len(published) == len(set(published)) >= len(customers)
    assert {action["rulebook"] for action in site.actions()} == {site.actions()[0]["rulebook"]}
