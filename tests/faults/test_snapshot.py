"""A store that is lost and restored from a snapshot, with the log since: equal to the byte, and nothing sent twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from agents.installation import environment_of
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from schemas.topics import EVENT_TOPICS, ORDERS
from tests.engine.site import Site, eventually
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result
from tests.equality.world import World, assert_equal
from tests.faults.forgetting import lose
from tests.shell import Said, tend

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def world(broker: str, store_server: str, group: str, week: History, tmp_path: Path) -> Iterator[World]:
    """A week that has not begun."""
    settings = settings_of(brokers=broker, redis_url=store_server, group=group, data_dir=str(tmp_path))
    made = World(settings, tmp_path, week)
    made.installation.make_topics()
    try:
        yield made
    finally:
        made.installation.stop()


def snapshot(world: World, folder: Path) -> None:
    """Take one while the workers go on."""
    saved = tend("snapshot", str(folder), environment=environment_of(world.settings))
    assert saved.status == 0, saved.err


def test_a_replay_restored_in_the_middle_ends_as_one_undisturbed(
    world: World, expected: Result, tmp_path: Path
) -> None:
    environment, folder = environment_of(world.settings), tmp_path / "snapshot"
    said: list[Said] = []
    times: list[int] = []

    def keep() -> None:
        world.until_decided(0.3)
        snapshot(world, folder)

    def lose_and_restore() -> None:
        world.until_decided(0.7)
        for worker in world.installation.workers:
            worker.stop()
        said.append(tend("restore", str(folder), environment=environment))
        times.extend(state.time for state in asyncio.run(world.installation.states()) if state)
        lose(world.settings)
        said.append(tend("restore", str(folder), environment=environment))
        times.extend(state.time for state in asyncio.run(world.installation.states()) if state)
        for worker in world.installation.workers:
            worker.start()

    world.start()
    world.send(told=world.at({0.5: keep, 0.9: lose_and_restore}))
    world.until_done()

    refused, restored = said
    assert refused.status == 2
    assert "holds lanes already" in refused.err
    assert restored.status == 0, restored.err
    assert all(before > after > world.history.start for before, after in zip(times[:4], times[4:], strict=True))
    assert_equal(world.result(), expected, world.action_ids())


def test_what_does_not_fit_together_is_refused(world: World, tmp_path: Path) -> None:
    environment, folder = environment_of(world.settings), tmp_path / "snapshot"
    world.start()
    world.send()
    world.until_decided(0.2)
    snapshot(world, folder)
    again = tend("snapshot", str(folder), environment=environment)
    world.installation.stop()
    lose(world.settings)
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    with (damaged / "lane-0001.tend").open("r+b") as file:
        file.truncate(1_000)

    torn = tend("restore", str(damaged), environment=environment)
    others = tend("restore", str(folder), environment={**environment, "TEND_PARTITIONS": "8"})
    clock = tend("restore", str(folder), environment={**environment, "TEND_CLOCK": "wall"})
    nothing = tend("snapshot", str(tmp_path / "another"), environment=environment)

    assert [said.status for said in (again, torn, others, clock, nothing)] == [2] * 5
    assert "holds a snapshot already" in again.err
    assert "lane-0001.tend is torn: it ends at byte 1000" in torn.err
    assert "The snapshot has 4 lanes, and TEND_PARTITIONS is 8" in others.err
    assert "written with TEND_CLOCK=event" in clock.err
    assert "holds no lanes" in nothing.err
    assert asyncio.run(world.installation.states()) == [None] * 4


def test_a_log_that_no_longer_holds_what_came_after_is_refused(
    broker: str, store_server: str, group: str, week: History, tmp_path: Path
) -> None:
    settings = settings_of(brokers=broker, redis_url=store_server, group=group, data_dir=str(tmp_path))
    world = World(settings, tmp_path, week)
    world.installation.make_topics()
    folder = tmp_path / "snapshot"
    try:
        world.start()
        world.send()
        world.until_decided(0.2)
        snapshot(world, folder)
    finally:
        world.installation.stop()
    lose(settings)
    producer = BulkProducer(world.installation.connection)
    producer.send(ORDERS, 2, b"anna", b"what the snapshot cannot know", 1_700_000_000_000)
    producer.close()
    end = Topics(world.installation.connection).end_offsets(EVENT_TOPICS)[ORDERS][2]
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    for result in admin.delete_records([TopicPartition(ORDERS, 2, end)]).values():
        result.result(20)

    said = tend("restore", str(folder), environment=environment_of(settings))

    assert said.status == 2
    assert "storefront.orders, partition 2: the snapshot goes on at" in said.err
    assert f"the log holds {end} to {end}" in said.err
    assert "Restore a newer snapshot" in said.err


def test_in_service_nobody_hears_of_it(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    before = site.complain_all("before", 20)
    site.until(lambda: all(site.rules_acted(who) for who in before), "all is well")
    saved = site.tend("snapshot", str(folder))
    since = site.complain_all("since", 20)
    site.until(lambda: all(site.rules_acted(who) for who in since), "all is well")
    site.worker.stop()
    during = site.complain_all("during", 5)
    lose(site.settings)
    site.worker.launch()
    eventually(lambda: "tend restore" in site.worker.log.read_text(), "the worker refuses")
    site.worker.stop()

    restored = site.tend("restore", str(folder))
    site.worker.start()
    site.until(lambda: all(site.rules_acted(who) for who in during), "what came meanwhile is handled")

    assert saved.status == 0, saved.err
    assert restored.status == 0, restored.err
    ids = [action["action_id"] for action in site.actions()]
    assert len(ids) == len(set(ids)) == len(before) + len(since) + len(during)
    for who in before + since + during:
        record = site.record(who)
        assert record is not None
        assert record.complaints.total == 1
