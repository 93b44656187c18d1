"""In service a store that forgets its last moments costs nothing but those moments' decisions, taken again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.clock import wall_clock
from schemas.lane import KafkaRecord
from schemas.times import MINUTE
from schemas.topics import COMPLAINTS
from streams.ingest import FORWARDED
from tests.backends import OwnBroker
from tests.engine.site import Site, zone_where_it_is_noon
from tests.faults.forgetting import forget, written

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def site(site_broker: OwnBroker, tmp_path: Path) -> Iterator[Site]:
    """Two lanes in service, which send each other what came to the wrong one."""
    with Site(tmp_path, broker=site_broker, partitions=2) as running:
        running.until_ready()
        yield running


def test_what_is_decided_otherwise_after_a_store_forgot_is_neither_lost_nor_doubled(site: Site) -> None:
    first = site.complain_all("first", 10)
    site.until(lambda: all(site.rules_acted(who) for who in first), "all is well")
    known = written(site.store)
    misplaced = [complain_at_the_wrong_lane(site, f"misplaced-{number}") for number in range(10)]
    forgotten = [*site.complain_all("forgotten", 20), *misplaced]
    site.until(lambda: all(site.rules_acted(who) for who in forgotten), "all is well")

    # What happened before, but comes only now, will be decided first: other things stand at sequences that are out.
    site.worker.kill()
    assert forget(site.store, known) > 0
    early = [f"early-{number}" for number in range(8)]
    for who in early:
        zone = zone_where_it_is_noon()
        site.tell("customer.registered", who, wall_clock() - MINUTE, name="Anna", email="a@example.org", zone=zone)
    late = site.complain_all("late", 5)
    site.worker.start()

    everybody = first + forgotten + early + late
    site.until(lambda: all(site.rules_acted(who) for who in everybody), "everybody is cared for")
    assert_each_id_once(site)
    assert all(len(site.actions(who)) == 1 for who in forgotten)
    assert {(raw.key or b"").decode() for raw in forwards(site)} == set(misplaced)
    for who in misplaced:
        record = site.record(who)
        assert record is not None
        assert record.complaints.total == 1


def test_an_owner_that_dies_before_it_has_lived_through_those_moments_again_leaves_no_trace(site: Site) -> None:
    forgotten = site.complain_all("forgotten", 30)
    known = written(site.store)
    site.until(lambda: all(site.rules_acted(who) for who in forgotten), "all is well")

    site.worker.kill()
    forget(site.store, known)
    for _ in range(2):
        site.worker.start()
        site.until(lambda: site.states()[0], "somebody owns the lane")
        site.worker.kill()
    site.worker.start()
    late = site.complain_all("late", 5)

    site.until(lambda: all(site.rules_acted(who) for who in late), "life goes on")
    assert_each_id_once(site)


def complain_at_the_wrong_lane(site: Site, who: str) -> str:
    """Their complaint lies on the partition of others."""
    body = site.event("complaint.opened", who, complaint_id="p-1", category="delivery")
    site.put(COMPLAINTS, body, who, partition=1 - site.partition(who))
    return who


def forwards(site: Site) -> list[KafkaRecord]:
    """What lanes have sent to each other, as often as they did."""
    return [raw for raw in site.log(COMPLAINTS) if any(name == FORWARDED for name, _ in raw.headers)]


def assert_each_id_once(site: Site) -> None:
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)), "an action was published twice"
