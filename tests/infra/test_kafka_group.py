"""Lanes get every record of their partitions from the offsets they name, whoever joins or leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.fetching.buffer import FetchedBatch, PartitionBuffer, PartitionRevoked
from infra.kafka.fetching.faust_app import Engine, make_engine
from infra.kafka.fetching.group import WorkerGroup
from infra.kafka.fetching.transport import BatchConsumer
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord
from tests.backends import delete_topics

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
    def group(self) -> WorkerGroup:
        return self.engine.group

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
            buffer = self.group.open(partition, offsets)
            while True:
                await buffer.wait(TOPICS, 20)
                for topic in TOPICS:
                    seen[topic, partition] += [record.offset for record in buffer.take(topic)]
                    offsets[topic] = buffer.position(topic)
                self.group.record_progress(partition, offsets)
        except PartitionRevoked:
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
    return sorted(p for worker in workers for p in worker.group.owned)


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
    broker: str, settings: Settings, join: Join, connection: KafkaConnection
) -> None:
    delete_topics(broker)
    joining = asyncio.ensure_future(join())
    await asyncio.sleep(1.0)
    assert not joining.done()

    Topics(connection).create([TopicSpec(name, PARTITIONS, {"retention.ms": "-1"}) for name in TOPICS])
    write(connection, 5)
    worker = await asyncio.wait_for(joining, 60)

    await until(lambda: len(worker.read) == len(TOPICS) * PARTITIONS)
    await until(lambda: all(len(offsets) == 5 for offsets in worker.read.values()))


async def test_faust_carries_the_batches_and_keeps_nothing_of_them(join: Join, connection: KafkaConnection) -> None:
    write(connection, 5)
    worker = await join()
    await until(lambda: len(worker.read) == len(TOPICS) * PARTITIONS)
    await until(lambda: all(len(offsets) == 5 for offsets in worker.read.values()))
    consumer = cast(BatchConsumer, worker.engine.app.consumer)

    assert next(consumer._numbers) > PARTITIONS
    assert not consumer._gap
    assert not consumer._acked
    assert len(consumer.unacked) <= 1, "the last one is still in the agent's hands"


async def test_a_fetch_can_begin_anywhere_again(join: Join, connection: KafkaConnection) -> None:
    write(connection, 50)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await until(lambda: all(len(offsets) >= 50 for offsets in worker.read.values()))
    await stop_lane(worker, 2)

    records: list[KafkaRecord] = []
    for start in (0, 30, 10, 49, 0):
        records = await read_from(worker.group, 2, "orders", start)
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


async def read_from(group: WorkerGroup, partition: int, topic: str, start: int) -> list[KafkaRecord]:
    """Open the partition anew, and read to its end."""
    buffer = group.open(partition, {topic: start})
    records: list[KafkaRecord] = []
    while not buffer.caught_up(topic):
        await buffer.wait([topic], 50)
        records += buffer.take(topic)
    return records


async def test_what_an_earlier_reading_fetched_is_dropped_and_fetched_again(
    join: Join, connection: KafkaConnection
) -> None:
    write(connection, 50)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 1)

    earlier = worker.group.open(1, {"orders": 40})
    await earlier.wait(["orders"], 10_000)
    later = worker.group.open(1, {"orders": 10})
    await later.wait(["orders"], 10_000)

    assert later.take("orders")[0].offset == 10
    with pytest.raises(PartitionRevoked, match="opened again"):
        await earlier.wait(["orders"], 10)


async def test_a_batch_that_went_missing_is_fetched_again(join: Join, connection: KafkaConnection) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    kept, dropped = worker.group.hand_over, []

    def drops_every_third(batch: FetchedBatch) -> None:
        dropped.append(batch)
        if len(dropped) % 3:
            kept(batch)

    worker.group.hand_over = drops_every_third  # type: ignore[method-assign]
    for _ in range(8):
        write(connection, 10)
        await asyncio.sleep(0.05)

    await until(lambda: all(len(offsets) >= 80 for offsets in worker.read.values()))
    assert all(offsets == list(range(80)) for offsets in worker.read.values())


async def test_an_offset_beyond_the_log_is_refused(join: Join, connection: KafkaConnection) -> None:
    write(connection, 5)
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 1)

    buffer = worker.group.open(1, {"orders": 99})

    with pytest.raises(ConfigurationRefused, match="orders partition 1: 99 asked, the log holds 0 to 5"):
        await buffer.wait(["orders"], 60_000)
    write(connection, 2)
    await until(lambda: all(len(read) == 7 for (_, p), read in worker.read.items() if p != 1))


async def test_the_topics_of_a_partition_stay_together_when_workers_join_and_leave(
    join: Join, connection: KafkaConnection
) -> None:
    write(connection, 300)
    first = await join()
    await until(lambda: partitions_of(first) == [0, 1, 2, 3])
    second = await join()
    await until(lambda: len(first.group.owned) == 2 and partitions_of(first, second) == [0, 1, 2, 3])
    third = await join()
    await until(lambda: partitions_of(first, second, third) == [0, 1, 2, 3] and len(third.group.owned) > 0)
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


async def test_who_waits_for_records_of_a_partition_that_goes_is_told(join: Join) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 0)
    waiting = asyncio.create_task(worker.group.open(0, {"orders": 0}).wait(["orders"], 60_000))
    await asyncio.sleep(0.1)

    await worker.engine.stop()

    with pytest.raises(PartitionRevoked):
        await waiting
    with pytest.raises(PartitionRevoked):
        worker.group.open(0, {"orders": 0})


async def test_a_lane_that_does_not_ask_holds_nobody_back(join: Join, connection: KafkaConnection) -> None:
    worker = await join()
    await until(lambda: partitions_of(worker) == [0, 1, 2, 3])
    await stop_lane(worker, 0)

    write(connection, 400)

    await until(lambda: all(len(read) == 400 for (_, p), read in worker.read.items() if p != 0))
    assert len(await read_from(worker.group, 0, "browse", 0)) == 400


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

    applied = Topics(connection).committed_offsets(settings.group, TOPICS)

    assert applied == {(topic, partition): 10 for topic in TOPICS for partition in range(PARTITIONS)}


class Nobody:
    """Reads nothing."""

    def open(self, partition: int, starts: Mapping[str, int]) -> PartitionBuffer:
        raise AssertionError(partition)

    def commit(self, offsets: Mapping[Place, int]) -> None:
        raise AssertionError(offsets)


async def test_a_topic_that_has_grown_is_refused_and_none_of_its_lanes_begins() -> None:
    begun: list[int] = []

    async def owned(partition: int) -> None:
        begun.append(partition)

    async def lost(partition: int) -> None:
        raise AssertionError(partition)

    group = WorkerGroup(["a", "b"], Nobody(), owned, lost, partitions=2)

    with pytest.raises(
        ConfigurationRefused, match=r"b was given more partitions than the 2.*make the topic again with 2"
    ):
        await group.on_assigned([("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2)])

    assert begun == []
