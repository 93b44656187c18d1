"""A store that is lost altogether is made anew from the log, and nothing is sent a second time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents.installation import environment_of
from tests.engine.site import Site, eventually
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result
from tests.equality.world import World, assert_equal
from tests.faults.forgetting import lose
from tests.shell import tend

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def world(broker: str, store_server: str, group: str, week: History, tmp_path: Path) -> Iterator[World]:
    """A week that was replayed to its end."""
    settings = settings_of(brokers=broker, redis_url=store_server, group=group, data_dir=str(tmp_path))
    made = World(settings, tmp_path, week)
    made.installation.make_topics()
    try:
        made.send()
        made.start()
        made.until_done()
        yield made
    finally:
        made.installation.stop()


def test_after_a_replay_records_are_made_anew_to_the_byte(world: World, expected: Result) -> None:
    environment = environment_of(world.settings)
    world.installation.stop()
    refused = tend("rebuild", environment=environment)
    lose(world.settings)

    rebuilt = tend("rebuild", environment=environment)

    assert refused.status == 2
    assert "holds lanes already" in refused.err
    assert rebuilt.status == 0, rebuilt.err
    assert_equal(world.result(), expected, world.action_ids())
    for state in asyncio.run(world.installation.states()):
        assert state is not None
        assert state.clock == "event"


def test_after_a_replay_workers_live_it_again_by_themselves(world: World, expected: Result) -> None:
    world.installation.stop()
    lose(world.settings)

    world.installation.learner.start()
    world.installation.workers[0].start()

    world.until_done()
    assert_equal(world.result(), expected, world.action_ids())


def test_where_kafka_forgot_how_far_the_workers_came_a_rebuild_says_what_that_would_mean(site: Site) -> None:
    before = site.complain_all("before", 5)
    site.until(lambda: all(site.rules_acted(who) for who in before), "all is well")
    site.worker.stop()
    during = site.complain_all("during", 5)
    eventually(lambda: _forgot_the_group(site), "Kafka has forgotten the group")
    lose(site.settings)

    refused = site.tend("rebuild")
    assert refused.status == 2
    assert f"does not know how far the group {site.settings.group} had come" in refused.err
    assert "tend rebuild --to-the-end" in refused.err
    taken = site.tend("rebuild", "--to-the-end")
    assert taken.status == 0, taken.err

    site.worker.start()
    after = site.complain_all("after", 5)
    site.until(lambda: all(site.rules_acted(who) for who in after), "life goes on")
    assert not any(site.rules_acted(who) for who in during)
    assert all(site.record(who) for who in before + during)


def _forgot_the_group(site: Site) -> bool:
    """Kafka refuses while it still waits for a member that did not come to say goodbye."""
    admin = AdminClient({"bootstrap.servers": site.connection.brokers})
    try:
        admin.delete_consumer_groups([site.settings.group])[site.settings.group].result(20)
    except KafkaException:
        return False
    return True


def test_in_service_nobody_hears_of_it(site: Site) -> None:
    before = site.complain_all("before", 20)
    site.until(lambda: all(site.rules_acted(who) for who in before), "all is well")
    sent = sorted(action["action_id"] for action in site.actions())
    site.worker.stop()
    during = site.complain_all("during", 5)
    lose(site.settings)

    site.worker.launch()
    eventually(lambda: "tend rebuild" in site.worker.log.read_text(), "the worker refuses")
    site.worker.stop()
    lose(site.settings)
    rebuilt = site.tend("rebuild")
    assert rebuilt.status == 0, rebuilt.err

    site.worker.start()
    site.until(lambda: all(site.rules_acted(who) for who in during), "what came meanwhile is handled")
    after = site.complain_all("after", 5)
    site.until(lambda: all(site.rules_acted(who) for who in after), "life goes on")
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids))
    assert [one for one in sorted(ids) if one in sent] == sent
    assert len(ids) == len(sent) + len(during) + len(after)
    for who in before + during + after:
        record = site.record(who)
        assert record is not None
        assert record.complaints.total == 1
