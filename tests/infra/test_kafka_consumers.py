"""Readers beside the lanes get every committed record, from where they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import AsyncConsumer, ExclusiveConsumer, read_all, tail
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import KafkaRecord

FOREVER = {"retention.ms": "-1"}


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("almanac", 1, FOREVER), TopicSpec("actions", 3, FOREVER)])
    return connection


def write(connection: KafkaConnection, topic: str, partition: int, values: range) -> dict[tuple[str, int], int]:
    producer = BulkProducer(connection)
    for n in values:
        producer.send(topic, partition, b"k%d" % n, b"%d" % n, 1_000 + n, [("n", b"%d" % n)])
    return producer.flush()


def numbers(records: list[KafkaRecord]) -> list[int]:
    return [int(record.value or b"-1") for record in records]


async def read_until_end(reader: AsyncConsumer) -> list[int]:
    found: list[int] = []
    while not reader.at_end:
        found += numbers(await reader.read(max_wait_ms=200))
    return found


async def test_a_flush_says_where_each_partition_ends(connection: KafkaConnection) -> None:
    producer = BulkProducer(connection)
    for n in range(2_000):
        producer.send("actions", n % 2, None, b"x", 1_000)

    assert producer.flush() == {("actions", 0): 1_000, ("actions", 1): 1_000}

    producer.send("actions", 1, None, b"x", 1_000)
    assert producer.flush()["actions", 1] == 1_001
    producer.close()


async def test_what_was_sent_is_read_as_it_was(connection: KafkaConnection) -> None:
    write(connection, "almanac", 0, range(3))

    records = await read_all(connection, "almanac")

    assert records[2] == KafkaRecord("almanac", 0, 2, 1_002, b"k2", b"2", (("n", b"2"),))
    assert [record.offset for record in await read_all(connection, "almanac", start=1)] == [1, 2]


async def test_a_producer_without_a_broker_says_that_it_could_not_deliver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.producers._BULK_SECONDS", 0.3)
    producer = BulkProducer(KafkaConnection("127.0.0.1:1"))
    producer.send("almanac", 0, None, b"x", 0)

    with pytest.raises(DependencyUnavailable, match="not delivered"):
        producer.flush()


async def test_a_reader_goes_on_where_it_was_and_knows_its_end(connection: KafkaConnection) -> None:
    write(connection, "almanac", 0, range(5))

    async with AsyncConsumer(connection, {("almanac", 0): 2}) as reader:
        assert await read_until_end(reader) == [2, 3, 4]
        assert reader.positions == {("almanac", 0): 5}
        write(connection, "almanac", 0, range(5, 8))
        found: list[int] = []
        while len(found) < 3:
            found += numbers(await reader.read(max_wait_ms=200))

    assert found == [5, 6, 7]


async def test_every_reader_gets_every_record(connection: KafkaConnection) -> None:
    write(connection, "almanac", 0, range(3))

    async with (
        AsyncConsumer(connection, {("almanac", 0): 0}) as one,
        AsyncConsumer(connection, {("almanac", 0): 0}) as two,
    ):
        assert [await read_until_end(one), await read_until_end(two)] == [[0, 1, 2], [0, 1, 2]]


async def test_a_reader_that_is_to_begin_outside_the_log_is_refused(broker_server: str) -> None:
    connection = KafkaConnection(broker_server)
    Topics(connection).create([TopicSpec("almanac", 1, FOREVER)])
    write(connection, "almanac", 0, range(3))
    reader = AsyncConsumer(connection, {("almanac", 0): 50})

    with pytest.raises(ConfigurationRefused, match="outside the log"):
        await read_twenty_times(reader)
    await reader.close()


async def read_twenty_times(reader: AsyncConsumer) -> None:
    for _ in range(20):
        await reader.read(max_wait_ms=300)


async def test_a_tail_shows_the_newest_of_each_partition(connection: KafkaConnection) -> None:
    write(connection, "actions", 0, range(10))
    write(connection, "actions", 2, range(100, 103))

    found = [record async for record in tail(connection, ["actions"], newest=2)]
    everything = [record async for record in tail(connection, ["actions"], newest=None)]

    assert sorted(numbers(found)) == [8, 9, 101, 102]
    assert len(everything) == 13


async def test_the_last_ones_that_count_are_found_however_much_lies_behind_them(connection: KafkaConnection) -> None:
    write(connection, "actions", 0, range(500))

    found = [one async for one in tail(connection, ["actions"], newest=2, counts=lambda raw: numbers([raw]) < [5])]

    assert numbers(found) == list(range(3, 500))


async def test_a_tail_that_follows_goes_on_with_what_comes(connection: KafkaConnection) -> None:
    write(connection, "actions", 0, range(1))
    found: list[int] = []

    async for record in tail(connection, ["actions"], follow=True):
        found += numbers([record])
        if len(found) == 1:
            write(connection, "actions", 1, range(7, 9))
        if len(found) == 3:
            break

    assert found == [0, 7, 8]


async def test_a_tail_of_no_topic_is_refused(connection: KafkaConnection) -> None:
    with pytest.raises(ConfigurationRefused, match="There is no topic nothing"):
        [record async for record in tail(connection, ["nothing"])]


# ---------------------------------------------------------------- the one topic with one reader

Member = Callable[[int], Awaitable[ExclusiveConsumer]]


@pytest.fixture
async def member(connection: KafkaConnection, group: str) -> AsyncIterator[Member]:
    """Makes members of the group that begin at the offset given."""
    async with AsyncExitStack() as stack:

        async def make(begin: int) -> ExclusiveConsumer:
            async def start() -> int:
                await asyncio.sleep(0)
                return begin

            made = ExclusiveConsumer(connection, "almanac", group, start, session_ms=2_000)
            stack.push_async_callback(made.close)
            return made

        yield make


async def read_some(member: ExclusiveConsumer, wanted: int) -> list[int]:
    found: list[int] = []
    for _ in range(200):
        lessons = await member.read(max_wait_ms=100)
        found += numbers(lessons.records) if lessons else []
        if len(found) >= wanted:
            break
    return found


async def test_one_member_is_active_and_begins_where_the_caller_says(
    connection: KafkaConnection, member: Member
) -> None:
    write(connection, "almanac", 0, range(10))

    one = await member(4)

    assert await read_some(one, 6) == [4, 5, 6, 7, 8, 9]
    assert one.active


async def test_the_next_member_becomes_active_when_the_first_leaves(
    connection: KafkaConnection, member: Member
) -> None:
    write(connection, "almanac", 0, range(10))
    one = await member(0)
    assert len(await read_some(one, 10)) == 10
    two = await member(7)
    await read_until_both_have_joined(one, two)

    await one.close()

    assert await read_some(two, 3) == [7, 8, 9]


async def read_until_both_have_joined(one: ExclusiveConsumer, two: ExclusiveConsumer) -> None:
    """The group takes the topic back from the first and gives it to either; both have to read for that."""
    taken_back = False
    for _ in range(200):
        await asyncio.gather(one.read(max_wait_ms=50), two.read(max_wait_ms=50))
        taken_back = taken_back or not one.active
        if taken_back and (one.active or two.active):
            return


async def test_the_end_of_what_is_there_is_told(connection: KafkaConnection, member: Member) -> None:
    write(connection, "almanac", 0, range(2))
    one = await member(0)
    await read_some(one, 2)

    lessons = await one.read(max_wait_ms=500)
    for _ in range(20):
        if lessons is not None and lessons.at_end:
            break
        lessons = await one.read(max_wait_ms=500)

    assert lessons is not None
    assert lessons.next_offset >= 2
