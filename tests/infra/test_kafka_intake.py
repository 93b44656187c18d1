"""Lanes get every record of their partitions from the offsets they name, whoever joins or leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest
from aiokafka.cluster import ClusterMetadata

from infra.kafka.connection import KafkaConnection
from infra.kafka.faust_app import Engine, make_engine
from infra.kafka.intake import UNKNOWN_END, Intake, Lost
from infra.kafka.producer import BulkProducer
from infra.kafka.progress import applied_offsets
from infra.kafka.topics import Topics, TopicSpec
from infra.kafka.transport import LaneConsumer
from infra.settings import Settings, load_settings
from schemas.errors import ConfigurationRefused
from schemas.lane import Fetched, KafkaRecord

TOPICS = ("browse", "complaints", "orders")
PARTITIONS = 4


@pytest.fixture
def settings(broker: str, group: str, tmp_path: Path) -> Settings:
    Topics(KafkaConnection(broker)).create([TopicSpec(name, PARTITIONS, {"retention.ms": "-1"}) for name in TOPICS])
    return load_settings(
        {"brokers": broker, "group": group, "session_seconds": 2, "data_dir": tmp_path, "fetch_bytes": 16_384}
    )


@pytest.fixture
def connection(settings: Settings) -> KafkaConnection:
    return KafkaConnection.of(settings)


class Worker:
    """A member of the group whose lanes read everything from the beginning each time they own a partition."""

    def __init__(self, settings: Settings, name: str | None = None) -> None:
        self.engine = make_engine(settings, TOPICS, self._owned, self._lost, group_instance_id=name)
        self.read: dict[tuple[str, int], list[int]] = {}
        self.told: list[tuple[str, int]] = []
        self.lanes: dict[int, asyncio.Task[None]] = {}

    @property
    def intake(self) -> Intake:
        return self.engine.intake

    async def _owned(self, partition: int) -> None:
        self.told.append(("owned", partition))
        self.lanes[partition] = asyncio.create_task(self._lane(partition))

    async def _lost(self, partition: int) -> None:
        self.told.append(("lost", partition))
        await self.lanes.pop(partition)

    async def _lane(self, partition: int) -> None:
        offsets = dict.fromkeys(TOPICS, 0)
        seen: dict[tuple[str, int], list[int]] = {(topic, partition): [] for topic in TOPICS}
        self.read.update(seen)
        try:
            while True:
                for topic, fetched in (await self.intake.fetch(partition, offsets, max_wait_ms=20)).items():
                    seen[topic, partition] += [record.offset for record in fetched.records]
                    offsets[topic] = fetched.next_offset
                self.intake.applied(partition, offsets)
        except Lost:
            return


Join = Callable[[], Awaitable[Worker]]


@pytest.fixture
async def join(settings: Settings) -> AsyncIterator[Join]:
    async with AsyncExitStack() as stack:

        async def join_another() -> Worker:
            worker = Worker(settings)
            await worker.engine.start()
            stack.push_async_callback(leave, worker.engine)
            return worker

        yield join_another


async def leave(engine: Engine) -> None:
    if engine.running:
        await engine.stop()


def write(connection: KafkaConnection, each: int) -> None:
    """Write ``each`` records to every partition of every topic."""
    producer = BulkProducer(connection)
    for n in range(each):
        for topic in TOPICS:
            for partition in range(PARTITIONS):
                producer.send(topic, partition, b"anna", b"%d" % n + b"." * 100, 1_700_000_000_000 + n)
    producer.flush()


async def until(happened: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if happened():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("it did not happen within a minute")


def partitions_of(*workers: Worker) -> list[int]:
    return sorted(p for worker in workers for p in worker.intake.owned)


async def test_all_records_arrive_in_order_and_none_is_left_after_the_first_batch(
    join: Join, connection: KafkaConnection
) -> None:
    write(connection, 700)
    worker = await join()
    await until(lambda: len(worker.read) == len(TOPICS) * PARTITIONS)
    await until(lambda: all(len(offsets) >= 700 for offsets in worker.read.values()))

    write(connection, 5)
    await until(lambda: all(len(offsets) >= 705 for offsets in worker.read.values()))

    assert all(offsets == list(range(705)) for offsets in worker.read.values())


async def test_a_worker_that_joins_before_the_broker_knows_its_topics_soon_has_its_share(
    join: Join, connection: KafkaConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, known = ClusterMetadata.partitions_for_topic, time.monotonic() + 4.0

    def asked(self: ClusterMetadata, topic: str) -> set[int] | None:
        partitions: set[int] | None = ask(self, topic)
        return partitions if time.monotonic() > known else None

    monkeypatch.setattr(ClusterMetadata, "partitions_for_topic", asked)
    write(connection, 5)
    worker = await join()

    await until(lambda: worker.intake.joined)
    assert worker.intake.owned == frozenset()
    await until(lambda: len(worker.read) == len(TOPICS) * PARTITIONS)


async def test_faust_keeps_nothing_of_the_knocks_that_went_through_it(join: Join, connection: KafkaConnection) -> None:
    write(connection, 5)
    worker = await join()
    consumer = cast(LaneConsumer, worker.engine.app.consumer)
    await until(lambda: sum((knock or 0) > 40 for knock in consumer._read_offset.values()) == PARTITIONS)

    assert sum(len(gaps) for gaps in consumer._gap.values()) == 0
    assert sum(len(acked) for acked in consumer._acked.values()) == 0


async def test_a_fetch_can_begin_anywhere_again(join: Join, connection: KafkaConnection) -> None:
    write(connection, 50)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await until(lambda: all(len(offsets) >= 50 for offsets in worker.read.values()))
    await stop_lane(worker, 2)

    records: list[KafkaRecord] = []
    for start in (0, 30, 10, 49, 50, 0):
        records = await read_from(worker.intake, 2, "orders", start)
        assert [record.offset for record in records] == list(range(start, 50))
    assert records[7].topic == "orders"
    assert records[7].partition == 2
    assert records[7].key == b"anna"
    assert records[7].timestamp == 1_700_000_000_007


async def stop_lane(worker: Worker, partition: int) -> None:
    lane = worker.lanes[partition]
    lane.cancel()
    await asyncio.wait([lane])
    worker.lanes[partition] = asyncio.create_task(asyncio.sleep(0))


async def read_from(intake: Intake, partition: int, topic: str, start: int) -> list[KafkaRecord]:
    records: list[KafkaRecord] = []
    fetched = Fetched([], start, UNKNOWN_END)
    while fetched.next_offset < fetched.end_offset:
        fetched = (await intake.fetch(partition, {topic: fetched.next_offset}, max_wait_ms=50))[topic]
        records += fetched.records
    return records


async def test_an_offset_beyond_the_log_is_refused(join: Join, connection: KafkaConnection) -> None:
    write(connection, 5)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 1)

    with pytest.raises(ConfigurationRefused, match="orders partition 1: 99 asked, the log holds 0 to"):
        await fetch_many_times(worker.intake, 1, {"orders": 99})


async def fetch_many_times(intake: Intake, partition: int, wants: dict[str, int]) -> None:
    for _ in range(500):
        await intake.fetch(partition, wants, max_wait_ms=20)


async def test_the_topics_of_a_partition_stay_together_when_workers_join_and_leave(
    join: Join, connection: KafkaConnection
) -> None:
    write(connection, 300)
    first = await join()
    await until(lambda: partitions_of(first) == [0, 1, 2, 3])
    second = await join()
    await until(lambda: len(first.intake.owned) == 2 and partitions_of(first, second) == [0, 1, 2, 3])
    third = await join()
    await until(lambda: partitions_of(first, second, third) == [0, 1, 2, 3] and len(third.intake.owned) > 0)
    await first.engine.stop()
    await until(lambda: partitions_of(second, third) == [0, 1, 2, 3])
    await third.engine.stop()
    await until(lambda: partitions_of(second) == [0, 1, 2, 3])

    write(connection, 20)
    await until(lambda: all(len(offsets) >= 320 for offsets in second.read.values()))
    assert all(offsets == list(range(320)) for offsets in second.read.values())
    for worker in (first, second, third):
        assert_each_gain_is_followed_by_a_loss(worker)


def assert_each_gain_is_followed_by_a_loss(worker: Worker) -> None:
    for partition in range(PARTITIONS):
        told = [what for what, about in worker.told if about == partition]
        assert told == ["owned", "lost"] * (len(told) // 2) + ["owned"] * (len(told) % 2)


async def test_a_fetch_that_waits_when_its_partition_goes_ends_with_lost(join: Join) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 0)
    waiting = asyncio.create_task(worker.intake.fetch(0, {"orders": 0}, max_wait_ms=60_000))
    await asyncio.sleep(0.1)

    await worker.engine.stop()

    with pytest.raises(Lost):
        await waiting
    with pytest.raises(Lost):
        await worker.intake.fetch(0, {"orders": 0}, max_wait_ms=10)


async def test_a_lane_that_does_not_ask_holds_nobody_back(join: Join, connection: KafkaConnection) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 0)

    write(connection, 400)

    await until(lambda: all(len(read) == 400 for (_, p), read in worker.read.items() if p != 0))
    await asyncio.sleep(0.3)  # what lay in the client is older now than an end may be
    assert len(await read_from(worker.intake, 0, "browse", 0)) == 400


async def test_an_end_that_was_told_long_ago_is_not_taken_for_the_end(join: Join, connection: KafkaConnection) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    write(connection, 3)
    await until(lambda: len(worker.read["orders", 0]) == 3)
    await stop_lane(worker, 0)
    write(connection, 2)
    await until(lambda: len(worker.read["orders", 1]) == 5)
    await asyncio.sleep(0.5)  # two records lie in the client, fetched when they were all there was
    write(connection, 4)
    await asyncio.sleep(0.5)

    fetched = (await worker.intake.fetch(0, {"orders": 3}, max_wait_ms=0))["orders"]

    assert [record.offset for record in fetched.records] == list(range(3, fetched.next_offset))
    assert fetched.next_offset == 9 or fetched.next_offset < fetched.end_offset


async def test_a_lane_that_cannot_begin_ends_the_worker(settings: Settings) -> None:
    async def broken(partition: int) -> None:
        raise ZeroDivisionError(partition)

    async def never(partition: int) -> None:
        """Nothing to part with."""

    engine = make_engine(settings, TOPICS, broken, never)

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(engine.start(), 30)
    assert isinstance(await engine.failed(), ZeroDivisionError)
    await engine.stop()


async def test_how_far_lanes_have_come_is_committed_for_display(
    join: Join, connection: KafkaConnection, settings: Settings
) -> None:
    write(connection, 10)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await until(lambda: all(len(offsets) >= 10 for offsets in worker.read.values()))
    await worker.engine.stop()

    applied = applied_offsets(connection, settings.group, TOPICS)

    assert applied == {(topic, partition): 10 for topic in TOPICS for partition in range(PARTITIONS)}


class Nobody:
    """Reads nothing."""

    async def read(self, partition: int, wants: Mapping[str, int], max_wait_ms: int) -> dict[str, Fetched]:
        raise AssertionError(partition)

    def forget(self, partition: int) -> None:
        raise AssertionError(partition)


async def test_a_topic_that_has_grown_is_refused_and_none_of_its_lanes_begins() -> None:
    begun: list[int] = []

    async def owned(partition: int) -> None:
        begun.append(partition)

    async def lost(partition: int) -> None:
        raise AssertionError(partition)

    intake = Intake(["a", "b"], Nobody(), owned, lost, partitions=2)

    with pytest.raises(
        ConfigurationRefused, match=r"b was given more partitions than the 2.*make the topic again with 2"
    ):
        await intake.gain([("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2)])

    assert begun == []
