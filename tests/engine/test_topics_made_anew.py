"""A topic that is deleted and made again under a running worker stops the lanes, and nothing in it is left unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import COMPLAINTS
from tests.backends import delete_topics
from tests.engine.site import Site
from tests.faults.probe import Safeguard
from tests.faults.probed_service import ProbedService

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

_MANY = 300


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose worker is started by the test."""
    with Site(tmp_path, workers=0) as running:
        yield running


def make_anew(site: Site) -> None:
    """Somebody deletes the topic of complaints, and makes it again at once."""
    delete_topics(site.broker.address, COMPLAINTS)
    site.installation.make_topics()


def complained_of_before_and_after(site: Site) -> tuple[list[str], list[str]]:
    """Customers who complained into the topic of before, and many more into the one of now."""
    before = site.complain_all("before")
    site.until(lambda: all(site.rules_acted(who) for who in before), "the first are cared for")
    make_anew(site)
    return before, site.complain_all("after", _MANY)


def test_the_lanes_park_and_once_the_topic_is_adopted_everybody_in_it_is_cared_for(site: Site) -> None:
    worker = site.installation.add_worker()
    site.until_ready()
    before, after = complained_of_before_and_after(site)

    site.until(lambda: worker.pid is None or "deleted and made anew" in worker.log.read_text(), "the lanes refuse")
    said = worker.log.read_text()
    assert f"tend topics adopt {COMPLAINTS}" in said
    worker.stop()
    site.installation.workers.clear()
    adopted = site.tend("topics", "adopt", COMPLAINTS)
    assert adopted.status == 0, adopted
    site.installation.add_worker()

    site.until(lambda: all(site.rules_acted(who) for who in after), "everybody is cared for")
    published = [action["action_id"] for action in site.actions()]
    assert len(published) == len(set(published)) >= len(before) + len(after)


def test_without_the_comparison_customers_are_silently_left_out(site: Site, tmp_path: Path) -> None:
    tried = ProbedService(site.settings, tmp_path, 0, Safeguard.TOPICS)
    site.installation.workers.append(tried)
    tried.begin()
    site.until_ready()
    _, after = complained_of_before_and_after(site)

    last = after[-1]
    site.until(lambda: site.rules_acted(last), "the worker goes on as if nothing had happened")
    assert tried.pid is not None
    assert not all(site.rules_acted(who) for who in after)
