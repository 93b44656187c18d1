"""What a lane has decided is published in order and once, whoever owns the lane."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.producers import BulkProducer
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.publishing.published_position import SEQUENCE_HEADER, sequence_of
from infra.kafka.topics import Topics
from infra.kafka.transactional_producer import TransactionalProducer
from schemas.errors import DependencyUnavailable, Fenced, TendError
from schemas.lane import OutboxEntry
from schemas.signing import SIGNATURE, Signing
from schemas.topics import LESSONS, POSITIONS
from tests.builders import SIGNING
from tests.infra.settled import read_settled

LANE = 1
Opener = Callable[[], Coroutine[Any, Any, OutboxPublisher]]


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    connection = KafkaConnection(broker)
    specs = [TopicSpec("coupons", 2), TopicSpec("messages", 2), TopicSpec("lessons", 1), TopicSpec(POSITIONS, 2)]
    Topics(connection).create(specs)
    return connection


@pytest.fixture
async def opened(connection: KafkaConnection, group: str) -> AsyncIterator[Opener]:
    """Opens publishers of the lane, each as a new owner would."""
    async with AsyncExitStack() as stack:

        async def open_another() -> OutboxPublisher:
            publisher = OutboxPublisher(connection, LANE, SIGNING, group=group)
            stack.push_async_callback(publisher.close)
            await publisher.open()
            return publisher

        yield open_another


def entries(first: int, last: int, topic: str = "coupons", partition: int = LANE) -> list[OutboxEntry]:
    return [
        OutboxEntry(n, topic, partition, b"anna", b"%d" % n, (("rule", b"welcome"),)) for n in range(first, last + 1)
    ]


async def published(connection: KafkaConnection, topic: str = "coupons", partition: int = LANE) -> list[int]:
    return [int(record.value or b"0") for record in await read_settled(connection, topic, partition)]


async def test_nothing_is_published_at_first(opened: Opener) -> None:
    publisher = await opened()

    assert publisher.published == 0
    assert await publisher.publish([]) == 0


async def test_entries_are_published_in_order_with_their_headers(opened: Opener, connection: KafkaConnection) -> None:
    publisher = await opened()

    assert await publisher.publish(entries(1, 300)) == 300

    assert await published(connection) == list(range(1, 301))
    first = (await read_settled(connection, "coupons", LANE))[0]
    assert first.key == b"anna"
    assert dict(first.headers) == {"rule": b"welcome", SEQUENCE_HEADER: b"1:1"}


async def test_the_same_entries_again_are_skipped(opened: Opener, connection: KafkaConnection) -> None:
    publisher = await opened()
    await publisher.publish(entries(1, 5))

    assert await publisher.publish(entries(3, 7)) == 7

    assert await published(connection) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_new_owner_finds_how_far_the_last_one_came(opened: Opener, connection: KafkaConnection) -> None:
    first = await opened()
    await first.publish([*entries(1, 2), *entries(3, 4, "messages"), *entries(5, 5, "lessons", 0)])
    await first.publish(entries(6, 6))
    await first.close()

    second = await opened()
    assert second.published == 6
    await second.publish([*entries(4, 4, "messages"), *entries(5, 5, "lessons", 0), *entries(6, 8)])

    assert await published(connection) == [1, 2, 6, 7, 8]
    assert await published(connection, "messages") == [3, 4]
    assert await published(connection, "lessons", 0) == [5]


async def test_lanes_do_not_take_each_others_positions(connection: KafkaConnection, group: str) -> None:
    lanes = [OutboxPublisher(connection, lane, SIGNING, group=group) for lane in (0, 1)]
    assert [await lane.open() for lane in lanes] == [0, 0]

    await lanes[0].publish(entries(1, 9, "lessons", 0))
    await lanes[1].publish(entries(1, 3, "lessons", 0))

    assert [await lane.open() for lane in lanes] == [9, 3]
    for lane in lanes:
        await lane.close()


async def test_an_entry_that_is_missing_is_not_passed_over(opened: Opener) -> None:
    publisher = await opened()
    await publisher.publish(entries(1, 3))

    with pytest.raises(TendError, match="asked to publish entry 5, but the last one published is 3"):
        await publisher.publish(entries(5, 6))


PLACES = [("coupons", LANE), ("messages", LANE), ("lessons", 0)]


def named(sequence: int, number: int, topic: str = "coupons") -> OutboxEntry:
    return OutboxEntry(sequence, topic, LANE, b"anna", b"%d" % number, (("ce_id", b"id-%d" % number),))


async def test_what_a_store_has_forgotten_goes_out_once_under_whatever_sequence_it_comes_again(
    opened: Opener, connection: KafkaConnection
) -> None:
    forgetful = await opened()
    await forgetful.publish([named(n, n) for n in range(1, 6)])
    publisher = await opened()

    assert await publisher.pass_over(5, PLACES) == 5, "nothing was forgotten"
    assert await publisher.pass_over(3, PLACES) == 5
    await publisher.publish([named(6, 9), named(7, 4), named(8, 5), named(9, 10)])

    assert await publisher.open() == 9
    assert await published(connection) == [1, 2, 3, 4, 5, 9, 10]


async def test_an_id_stays_out_where_it_is_not_the_first_to_come_again(
    opened: Opener, connection: KafkaConnection
) -> None:
    forgetful = await opened()
    await forgetful.publish([named(1, 1), named(2, 2)])
    publisher = await opened()

    await publisher.pass_over(1, PLACES)
    await publisher.publish([named(3, 2)])
    await publisher.publish([named(4, 3)])

    assert await publisher.open() == 4
    assert await published(connection) == [1, 2, 3]


async def test_an_entry_that_kafka_never_takes_is_told_and_not_tried_for_ever(opened: Opener) -> None:
    publisher = await opened()
    await publisher.publish(entries(1, 3))
    too_long = OutboxEntry(4, "coupons", LANE, b"anna", b"x" * 2_000_000)

    with pytest.raises(TendError, match=r"never takes what .*-lane-1 wants to publish"):
        await publisher.publish([too_long])


def test_the_last_mark_of_a_record_is_the_one_that_counts() -> None:
    earlier = (SEQUENCE_HEADER, b"3:7")

    assert sequence_of([earlier, ("x", b"y"), (SEQUENCE_HEADER, b"1:12")]) == (1, 12)
    assert sequence_of([earlier, (SEQUENCE_HEADER, b"forged")]) == (-1, 0)
    assert sequence_of([]) == (-1, 0)


async def test_an_older_owner_is_fenced_and_may_open_again(opened: Opener, connection: KafkaConnection) -> None:
    old = await opened()
    await old.publish(entries(1, 2))
    new = await opened()

    with pytest.raises(Fenced):
        await old.publish(entries(3, 4))
    assert await new.publish(entries(3, 5)) == 5

    assert await old.open() == 5
    assert await old.publish(entries(3, 6)) == 6
    assert await published(connection) == [1, 2, 3, 4, 5, 6]


async def test_an_owner_that_is_fenced_while_it_commits_may_open_again(
    opened: Opener, connection: KafkaConnection, group: str
) -> None:
    old = Hesitant(connection, LANE, SIGNING, group=group)
    try:
        await old.open()
        loop = asyncio.get_running_loop()
        old.meanwhile = lambda: asyncio.run_coroutine_threadsafe(opened(), loop).result(30)

        with pytest.raises(Fenced):
            await old.publish(entries(1, 2))

        old.meanwhile = lambda: None
        assert await old.open() == 0
        assert await old.publish(entries(1, 3)) == 3
        assert await published(connection) == [1, 2, 3]
    finally:
        await old.close()


class Hesitant(OutboxPublisher):
    """Lets something happen when all is sent and the transaction is not committed."""

    meanwhile: Callable[[], object]

    def _send(self, producer: TransactionalProducer, entry: OutboxEntry) -> None:
        super()._send(producer, entry)
        if entry.topic == POSITIONS:
            producer._producer.flush(5)
            self.meanwhile()


async def test_what_an_owner_began_and_did_not_finish_is_not_seen(
    opened: Opener, connection: KafkaConnection, group: str
) -> None:
    dying = Producer(connection.librdkafka(transactional_id=f"{group}-lane-{LANE}"))
    dying.init_transactions(20)
    dying.begin_transaction()
    dying.produce("coupons", b"1", partition=LANE)
    dying.flush(20)

    heir = await opened()
    await heir.publish(entries(1, 2))

    assert await published(connection) == [1, 2]


async def test_the_position_is_read_once_no_transaction_is_open_before_it(
    opened: Opener, connection: KafkaConnection, group: str
) -> None:
    """What was acknowledged behind an open transaction is not shown yet, and would be published again."""
    first = await opened()
    await first.publish(entries(1, 2))
    other = Producer(connection.librdkafka(transactional_id=f"{group}-other"))
    other.init_transactions(20)
    other.begin_transaction()
    other.produce(POSITIONS, b"{}", b"other", LANE)
    other.flush(20)
    await first.publish(entries(3, 4))

    opening = asyncio.ensure_future(opened())
    await asyncio.sleep(0.5)
    assert not opening.done()
    await asyncio.to_thread(other.abort_transaction, 20)

    assert (await opening).published == 4


def forge(connection: KafkaConnection, *values: bytes) -> None:
    """Somebody else writes under the lane's own key."""
    producer = BulkProducer(connection)
    for value in values:
        producer.send(POSITIONS, LANE, b"%d" % LANE, value, 1_700_000_000_000, ((SIGNATURE, b"guessed"),))
    producer.flush()


FORGED = (b'{"sequence": 99}', b"", b"\xff", b'{"sequence": "' + b"9" * 5_000, b"[" * 5_000)


async def test_a_position_that_is_not_ours_counts_for_nothing(opened: Opener, connection: KafkaConnection) -> None:
    await (await opened()).publish(entries(1, 3))
    forge(connection, *FORGED)

    heir = await opened()

    assert heir.published == 3
    assert await heir.publish(entries(1, 5)) == 5
    assert await published(connection) == [1, 2, 3, 4, 5]


async def test_a_copy_of_an_earlier_position_makes_nothing_go_out_again(
    opened: Opener, connection: KafkaConnection, group: str
) -> None:
    """Its signature is right for the place; but it knows nothing of what came after it."""
    first = await opened()
    for last in (2, 4, 6):
        await first.publish(entries(last - 1, last))
    earlier = (await read_settled(connection, POSITIONS, LANE))[:2]
    producer = BulkProducer(connection)
    for raw in [*earlier, earlier[1], earlier[0]]:
        producer.send(raw.topic, LANE, raw.key, raw.value or b"", raw.timestamp, raw.headers)
    producer.flush()
    refused = Counter[str]()
    heir = OutboxPublisher(connection, LANE, SIGNING, group=group, refused=refused)

    assert await heir.open() == 6
    assert await heir.publish(entries(1, 8)) == 8

    assert await published(connection) == list(range(1, 9))
    assert refused == {POSITIONS: 4}
    assert await heir.open() == 8, "the next one is read behind the copies"
    await heir.close()


async def test_positions_of_an_earlier_version_which_know_nothing_of_each_other_count(
    opened: Opener, connection: KafkaConnection
) -> None:
    producer = BulkProducer(connection)
    for sequence in (3, 5):
        value = b'{"sequence":%d}' % sequence
        signature = SIGNING.header(POSITIONS, LANE, b"%d" % LANE, value)
        producer.send(POSITIONS, LANE, b"%d" % LANE, value, 1_700_000_000_000, (signature,))
    producer.flush()

    heir = await opened()

    assert heir.published == 5
    await heir.publish(entries(6, 7))
    assert (await opened()).published == 7


async def test_where_no_position_is_ours_what_the_store_dropped_is_out_and_the_rest_is_looked_for(
    connection: KafkaConnection, group: str
) -> None:
    """As after an update from a version that did not sign, or once the forged one is all that compaction has left."""
    before = OutboxPublisher(connection, LANE, Signing(b"the key of somebody else"), group=group)
    await before.publish(entries(1, 6))
    await before.close()
    refused = Counter[str]()
    now = OutboxPublisher(connection, LANE, SIGNING, group=group, refused=refused)

    # The store holds the entries from 5 on.
    assert await now.open(4) == 4
    assert await now.publish(entries(5, 8)) == 8

    await now.close()
    assert await published(connection) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert refused == {POSITIONS: 1}


async def test_where_neither_log_nor_store_know_how_far_the_lane_came_it_says_so(
    opened: Opener, connection: KafkaConnection
) -> None:
    forge(connection, *FORGED)

    with pytest.raises(TendError, match=r"none of its 5 records is signed with TEND_ALMANAC_KEY"):
        await opened()


async def test_lessons_and_positions_are_signed_for_their_place(opened: Opener, connection: KafkaConnection) -> None:
    Topics(connection).create([TopicSpec(LESSONS, 1)])
    publisher = await opened()
    await publisher.publish([*entries(1, 1, LESSONS, 0), *entries(2, 2)])

    (lesson,) = await read_settled(connection, LESSONS)
    (position,) = await read_settled(connection, POSITIONS, LANE)
    (coupon,) = await read_settled(connection, "coupons", LANE)

    assert SIGNING.is_ours(lesson)
    assert SIGNING.is_ours(position)
    assert not SIGNING.is_ours(msgspec.structs.replace(position, partition=0))
    assert SIGNATURE not in dict(coupon.headers)


async def test_a_broker_that_is_away_keeps_the_entries_for_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.transactional_producer._SECONDS", 0.3)
    monkeypatch.setattr("infra.kafka.partition_log._ANSWER_SECONDS", 0.3)
    nowhere = KafkaConnection("127.0.0.1:1")

    publisher = OutboxPublisher(nowhere, LANE, SIGNING)
    with pytest.raises(DependencyUnavailable):
        await publisher.publish(entries(1, 2))
    await publisher.close()


async def test_a_position_is_found_behind_many_others(opened: Opener, connection: KafkaConnection) -> None:
    first = await opened()
    for n in range(1, 81):
        await first.publish(entries(n, n))

    assert (await opened()).published == 80
