"""A worker that hangs longer than its session is replaced; woken again, it does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.site import Site, frozen

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of its own."""
    with Site(tmp_path) as running:
        running.until_ready()
        yield running


def test_a_worker_that_hangs_is_replaced_and_everybody_is_cared_for_once(site: Site) -> None:
    customers = site.complain_all("before")
    with frozen(site.worker.pid):
        site.installation.add_worker()
        customers += site.complain_all("during")
        site.until(lambda: all(site.rules_acted(who) for who in customers), "the second worker has taken over")
    customers += site.complain_all("after")
    site.until(lambda: all(site.rules_acted(who) for who in customers), "both go on")
    site.until_ready()

    for customer in customers:
        record = site.record(customer)
        assert record is not None
        assert record.complaints.total == 1
    decided = [one["action_id"] for who in customers for one in site.decisions(who) if one["verdict"] == "emitted"]
    published = [action["action_id"] for action in site.actions()]
    assert set(published) == set(decided)
    assert len(published) == len(set(published)), "an action was published twice"
