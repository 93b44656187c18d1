"""A store without room takes no writes: the worker waits and says so, and goes on by itself once there is room."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.engine.site import Site

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


def test_a_store_that_is_full_is_waited_for_and_nothing_is_lost(site: Site) -> None:
    before = site.complain_all("before", 20)
    site.until(lambda: all(site.rules_acted(who) for who in before), "all is well")
    with Redis.from_url(site.store.url, decode_responses=True) as operator:
        operator.config_set("maxmemory", "1")
        during = site.complain_all("during", 20)
        site.until(lambda: _waits(site, "lane 0") and _waits(site, "lane 1"), "/readyz tells of both lanes")
        assert "used memory > 'maxmemory'" in site.worker.log.read_text()
        assert site.ask("/healthz")[0] == 200
        assert not any(site.rules_acted(who) for who in during)

        operator.config_set("maxmemory", "0")

    after = site.complain_all("after", 5)
    everybody = before + during + after
    site.until(lambda: all(site.rules_acted(who) for who in everybody), "everybody is cared for")
    site.until_ready()
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)) == len(everybody)
    for who in everybody:
        record = site.record(who)
        assert record is not None
        assert record.complaints.total == 1


def _waits(site: Site, lane: str) -> bool:
    status, text = site.ready()
    return status == 503 and any(lane in line and "maxmemory" in line for line in text.splitlines())


def test_a_worker_that_starts_before_a_full_store_waits_for_it(site: Site) -> None:
    before = site.complain_all("before", 5)
    site.until(lambda: all(site.rules_acted(who) for who in before), "all is well")
    site.worker.stop()
    with Redis.from_url(site.store.url, decode_responses=True) as operator:
        operator.config_set("maxmemory", "1")
        site.worker.start()
        during = site.complain_all("during", 5)
        site.until(lambda: _waits(site, "lane 0") and _waits(site, "lane 1"), "/readyz tells of both lanes")

        operator.config_set("maxmemory", "0")

    site.until(lambda: all(site.rules_acted(who) for who in before + during), "everybody is cared for")
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)) == len(before + during)
