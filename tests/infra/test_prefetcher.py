"""What a worker reads ahead is bounded, in order, without gaps, and honest about where logs end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from confluent_kafka import Consumer

import infra.kafka.fetching.prefetcher
from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.fetching.broker_health import BrokerHealth
from infra.kafka.fetching.buffer import FetchedBatch, PartitionBuffer
from infra.kafka.fetching.prefetcher import Prefetcher
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from tests.backends import OwnBroker

FETCH_BYTES = 16_384
FLOOD = 4_000
"""Records: many times what may lie ready."""
VALUE = b"." * 100
TOPICS = ("browse", "orders")


class Alone:
    """The only member of a group, with one lane."""

    def __init__(self, broker: str, group: str, directory: Path, name: str | None = None) -> None:
        settings = load_settings(
            {
                "brokers": broker,
                "group": group,
                "partitions": 1,
                "fetch_bytes": FETCH_BYTES,
                "data_dir": directory,
                "session_seconds": 6,
            }
        )
        self.prefetcher = Prefetcher(settings, TOPICS, name)
        self.buffer: PartitionBuffer | None = None
        self.assigned = asyncio.Event()
        self.failed = asyncio.get_running_loop().create_future()
        self.offsets: dict[str, list[int]] = {topic: [] for topic in TOPICS}

    async def on_assigned(self, places: set[Place]) -> None:
        self.assigned.set()
        if self.buffer is not None:  # a broker that was away for long has shared out anew
            self.buffer = self.prefetcher.open(0, {topic: self.buffer.position(topic) for topic in TOPICS})

    async def on_revoked(self, places: set[Place]) -> None:
        self.assigned.clear()

    def on_fetched(self, batches: Sequence[FetchedBatch]) -> None:
        for batch in batches:
            if self.buffer is not None:
                self.buffer.put(batch)

    async def on_failed(self, reason: Exception) -> None:
        self.failed.set_result(reason)

    async def open(self) -> PartitionBuffer:
        self.prefetcher.start(self)
        await asyncio.wait_for(self.assigned.wait(), 60)
        assert not self.failed.done(), self.failed.result()
        self.buffer = self.prefetcher.open(0, dict.fromkeys(TOPICS, 0))
        return self.buffer

    def take(self, *topics: str) -> int:
        """How many records lay there."""
        assert self.buffer is not None
        taken = [record for topic in topics for record in self.buffer.take(topic)]
        for record in taken:
            self.offsets[record.topic].append(record.offset)
        return len(taken)

    def at_end(self, *topics: str) -> bool:
        assert self.buffer is not None
        return all(self.buffer.caught_up(topic) for topic in topics)

    async def until(self, happened: Callable[[], bool], *topics: str) -> None:
        for _ in range(6_000):
            self.take(*topics)
            if happened():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"it did not happen: {self.offsets}")


Open = Callable[[str], Awaitable[Alone]]


@pytest.fixture
async def open_alone(group: str, tmp_path: Path) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_at(broker: str) -> Alone:
            alone = Alone(broker, group, tmp_path)
            stack.push_async_callback(alone.prefetcher.close)
            await alone.open()
            return alone

        yield open_at


@pytest.fixture
def topics(broker: str) -> BulkProducer:
    """Two topics, and who writes to them."""
    return made(broker)


def made(broker: str) -> BulkProducer:
    Topics(KafkaConnection(broker)).create([TopicSpec(name, 1, {"retention.ms": "-1"}) for name in TOPICS])
    return BulkProducer(KafkaConnection(broker))


def write(producer: BulkProducer, topic: str, count: int) -> None:
    for _ in range(count):
        producer.send(topic, 0, b"anna", VALUE, 1_700_000_000_000)
    producer.flush()


@pytest.fixture
async def flooded(broker: str, topics: BulkProducer, open_alone: Open) -> Alone:
    """Far more views than may lie ready, which nobody has asked for yet; and no orders."""
    write(topics, "browse", FLOOD)
    alone = await open_alone(broker)
    await alone.until(lambda: alone.at_end("orders"), "orders")
    return alone


async def test_a_member_whose_name_another_one_has_taken_ends_and_says_why(
    broker: str, topics: BulkProducer, group: str, tmp_path: Path
) -> None:
    first = Alone(broker, group, tmp_path, "worker-1")
    await first.open()
    another = Consumer({"bootstrap.servers": broker, "group.id": group, "group.instance.id": "worker-1"})
    another.subscribe(list(TOPICS))
    try:
        async with asyncio.timeout(60):
            while not first.failed.done():
                # Which of its requests is told first is chance: mostly one that shows how far it came.
                first.prefetcher.commit({(topic, 0): 0 for topic in TOPICS})
                await asyncio.to_thread(another.poll, 0.005)
        assert "TEND_GROUP_INSTANCE_ID of its own" in str(first.failed.result())
    finally:
        await first.prefetcher.close()
        await asyncio.to_thread(another.close)


async def test_a_topic_that_nobody_takes_piles_up_to_a_bound_and_loses_nothing(flooded: Alone) -> None:
    await asyncio.sleep(1.0)

    first = flooded.take("browse")
    await flooded.until(lambda: flooded.at_end("browse"), "browse", "orders")

    assert 0 < first < FLOOD / 2
    assert flooded.offsets["browse"] == list(range(FLOOD))


async def test_what_comes_to_one_topic_is_seen_while_another_is_piled_up(flooded: Alone, topics: BulkProducer) -> None:
    for count in (1, 2, 3):
        await asyncio.sleep(0.3)
        write(topics, "orders", 1)
        await flooded.until(
            lambda many=count: len(flooded.offsets["orders"]) == many and flooded.at_end("orders"),  # type: ignore[misc]
            "orders",
        )

    assert flooded.offsets["orders"] == [0, 1, 2]
    await flooded.until(lambda: flooded.at_end("browse"), "browse")
    assert flooded.offsets["browse"] == list(range(FLOOD))


async def test_a_topic_that_is_piled_up_is_not_known_to_be_at_its_end(flooded: Alone, topics: BulkProducer) -> None:
    """What is paused may grow, and nobody would tell."""
    await asyncio.sleep(1.0)
    flooded.take("browse")
    assert not flooded.at_end("browse")


async def test_what_was_paused_when_the_group_shared_out_anew_is_read_on(
    flooded: Alone, broker: str, group: str, tmp_path: Path
) -> None:
    await asyncio.sleep(1.0)
    other = Alone(broker, group, tmp_path)
    other.prefetcher.start(other)
    await asyncio.wait_for(other.assigned.wait(), 60)
    await other.prefetcher.close()

    await flooded.until(lambda: len(set(flooded.offsets["browse"])) == FLOOD, "browse")


async def test_whoever_needs_all_of_a_topic_up_to_an_offset_gets_it_however_much_that_is(flooded: Alone) -> None:
    assert flooded.buffer is not None
    await asyncio.wait_for(flooded.buffer.reach({"browse": FLOOD}), 60)

    taken = flooded.buffer.take("browse", before=FLOOD - 1)

    assert [record.offset for record in taken] == list(range(FLOOD - 1))


async def test_who_found_nothing_is_woken_once_something_comes(
    broker: str, topics: BulkProducer, open_alone: Open
) -> None:
    alone = await open_alone(broker)
    assert alone.buffer is not None
    assert not await alone.buffer.wait(TOPICS, 10)
    waiting = asyncio.ensure_future(alone.buffer.wait(TOPICS, 60_000))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    write(topics, "orders", 1)

    assert await asyncio.wait_for(waiting, 10)
    assert [record.value for record in alone.buffer.take("orders")] == [VALUE]


class Noting(Consumer):
    """Notes who asks it anything."""

    askers: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        Noting.askers.add(threading.current_thread().name)
        return super().__getattribute__(name)


async def test_a_client_is_asked_by_one_thread_alone(
    broker: str, topics: BulkProducer, open_alone: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody else would wait for as long as that thread waits for records."""
    monkeypatch.setattr(infra.kafka.fetching.prefetcher, "Consumer", Noting)
    write(topics, "browse", FLOOD)
    alone = await open_alone(broker)
    await alone.until(lambda: alone.at_end("orders"), "orders")
    alone.prefetcher.commit({("orders", 0): 1})
    await alone.until(lambda: alone.at_end("browse"), "browse", "orders")
    await alone.prefetcher.close()

    assert Noting.askers == {"tend-prefetcher"}


async def test_where_logs_end_is_told_anew_after_the_broker_was_away(own_kafka: OwnBroker, open_alone: Open) -> None:
    producer = made(own_kafka.address)
    write(producer, "browse", 3)
    alone = await open_alone(own_kafka.address)
    await alone.until(lambda: alone.at_end(*TOPICS), *TOPICS)

    own_kafka.kill()
    await alone.until(lambda: not (alone.at_end("browse") or alone.at_end("orders")), *TOPICS)
    own_kafka.start()
    write(producer, "browse", 2)

    await alone.until(lambda: len(alone.offsets["browse"]) == 5 and alone.at_end(*TOPICS), *TOPICS)
    assert alone.offsets == {"browse": [0, 1, 2, 3, 4], "orders": []}


def leader(**words: Any) -> dict[str, Any]:
    return {"state": "UP", "rxidle": 1_000, "waitresp_cnt": 1, "toppars": {"orders-0": {"topic": "orders"}}} | words


def told(*connections: dict[str, Any], reads: bool = True) -> float:
    """The silence after seven seconds in which it was so."""
    seconds = iter((100.0, 107.0, 107.0))
    health = BrokerHealth(clock=lambda: next(seconds))
    health.reads = reads
    health.config()["stats_cb"](json.dumps({"brokers": dict(enumerate(connections))}))
    return health.silence


@pytest.mark.parametrize(
    "quiet",
    [
        leader(state="DOWN"),
        leader(rxidle=3_000_000),
        leader(rxidle=-1),
        leader(toppars={}),
    ],
    ids=["gone", "late with an answer", "nothing heard yet", "no leader"],
)
def test_a_broker_is_silent(quiet: dict[str, Any]) -> None:
    assert told(quiet) == 7


def test_a_broker_that_was_asked_nothing_is_not_silent() -> None:
    assert told(leader(waitresp_cnt=0, rxidle=60_000_000)) == 0
    assert told(leader(), leader(state="INIT", toppars={})) == 0


def test_who_reads_nothing_hears_of_silence_from_any_broker_of_the_group() -> None:
    assert told(leader(toppars={}), leader(state="DOWN", toppars={}), reads=False) == 0
    assert told(leader(state="DOWN", toppars={}), reads=False) == 7


def test_a_failure_before_anything_was_heard_casts_no_doubt_on_ends() -> None:
    health = BrokerHealth()

    doubts = []
    health.failed()
    doubts.append(health.doubtful)
    health.heard()
    health.failed()
    doubts.append(health.doubtful)
    health.settled()
    doubts.append(health.doubtful)

    assert doubts == [False, True, False]
