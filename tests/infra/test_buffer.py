"""What lies between a fetch and a batch: in order, from one reading only, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from infra.kafka.fetching.buffer import FetchedBatch, FetchedRecords, PartitionBuffer, PartitionRevoked
from schemas.lane import KafkaRecord

TOPICS = ("browse", "orders")


class Fetched:
    """A buffer, and what is fetched for it."""

    def __init__(self) -> None:
        self.again: list[PartitionBuffer] = []
        self.buffer = PartitionBuffer(0, 1, dict.fromkeys(TOPICS, 0), self.again.append)
        self.number = 0

    def put(self, topic: str, *offsets: int, at_end: bool = False, reading: int = 1) -> None:
        records = [KafkaRecord(topic, 0, offset, 0, b"anna", b"1") for offset in offsets]
        fetched = FetchedRecords(offsets[-1] + 1, records, 201 * len(records), at_end, offsets[-1] + 1)
        self.buffer.put(FetchedBatch(0, reading, self.number, {topic: fetched}))
        self.number += 1
        self.buffer.sent = reading, self.number


@pytest.fixture
def fetched() -> Fetched:
    return Fetched()


def offsets(records: list[KafkaRecord]) -> list[int]:
    return [record.offset for record in records]


async def test_who_waits_in_vain_is_let_go(fetched: Fetched) -> None:
    for _ in range(300):
        assert not await asyncio.wait_for(fetched.buffer.wait(TOPICS, 1), 20)


async def test_who_waits_is_woken_by_a_record_of_the_topics_that_are_asked_for(fetched: Fetched) -> None:
    waiting = asyncio.ensure_future(fetched.buffer.wait(["orders"], 60_000))
    await asyncio.sleep(0)
    fetched.put("browse", 0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()

    fetched.put("orders", 0)

    assert await asyncio.wait_for(waiting, 20)


def test_records_are_taken_in_order_no_more_than_asked_for_and_none_behind_an_end(fetched: Fetched) -> None:
    fetched.put("browse", 0, 1, 2)
    fetched.put("browse", 3, 4, 6)

    taken = [
        offsets(fetched.buffer.take("browse", limit=1)),
        offsets(fetched.buffer.take("browse", before=3)),
        offsets(fetched.buffer.take("browse", before=3)),
        offsets(fetched.buffer.take("browse", limit=9)),
    ]

    assert taken == [[0], [1, 2], [], [3, 4, 6]]
    assert fetched.buffer.taken_bytes("browse") == 6 * 201


def test_reading_goes_on_behind_what_was_taken_and_behind_what_is_no_record(fetched: Fetched) -> None:
    fetched.put("browse", 0, 1)
    assert fetched.buffer.position("browse") == 0
    fetched.buffer.take("browse", limit=1)
    assert fetched.buffer.position("browse") == 1

    fetched.buffer.take("browse")
    fetched.buffer.put(FetchedBatch(0, 1, 1, {"browse": FetchedRecords(5, at_end=True)}))

    assert fetched.buffer.position("browse") == 5


def test_a_topic_is_caught_up_when_its_end_is_known_and_all_of_it_was_taken(fetched: Fetched) -> None:
    known = [fetched.buffer.caught_up("browse")]
    fetched.put("browse", 0, at_end=True)
    known.append(fetched.buffer.caught_up("browse"))
    fetched.buffer.take("browse")
    known.append(fetched.buffer.caught_up("browse"))

    assert known == [False, False, True]
    assert not fetched.buffer.caught_up("orders")


def test_lag_counts_from_what_is_handled_and_is_no_guess(fetched: Fetched) -> None:
    fetched.put("browse", 0, 1, 2, 3, 4)
    fetched.buffer.take("browse")

    assert fetched.buffer.lag({"browse": 2}) == {"browse": 3}


def test_what_another_reading_fetched_is_dropped(fetched: Fetched) -> None:
    fetched.put("browse", 7, reading=0)

    assert not fetched.buffer.holds("browse")
    assert fetched.again == []


def test_where_a_batch_is_missing_reading_begins_anew_behind_what_came(fetched: Fetched) -> None:
    fetched.put("browse", 0, 1, at_end=True)
    fetched.number += 1
    fetched.put("browse", 4, 5)
    assert fetched.again == [fetched.buffer]

    assert fetched.buffer.continues_as(2) == {"browse": 2, "orders": 0}
    fetched.put("browse", 6)
    fetched.number = 0
    fetched.put("browse", 2, 3, reading=2)

    assert offsets(fetched.buffer.take("browse")) == [0, 1, 2, 3]
    assert not fetched.buffer.caught_up("browse")


async def test_nothing_comes_after_the_end_and_its_reason_is_told(fetched: Fetched) -> None:
    fetched.buffer.end(PartitionRevoked("gone"))
    fetched.put("browse", 0)

    with pytest.raises(PartitionRevoked, match="gone"):
        await fetched.buffer.wait(TOPICS, 10)
    with pytest.raises(PartitionRevoked, match="gone"):
        await fetched.buffer.reach({"browse": 1})
