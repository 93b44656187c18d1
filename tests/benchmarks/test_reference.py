"""The job that all peers do: the same in whatever order topics are read, and a checker that sees what differs."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.reference.checker import Expected, check, expect
from benchmarks.reference.job import Job, decode_action, decode_event, encode_action, encode_state, work
from benchmarks.reference.lane import LeanLane, receive
from benchmarks.reference.load import PARTITIONS, TOPICS, Message, messages
from infra.store import MemoryStore
from schemas.lane import KafkaRecord, LaneState, Loaded, OutboxEntry
from streams.ingest import AdmissionRules, Arrival
from streams.lane_protocol import Batch, NeedAlmanac, NeedRecords, Save, drive

EVENTS, CUSTOMERS = 4_000, 400


@pytest.fixture(scope="module")
def load() -> list[Message]:
    return list(messages(EVENTS, customers=CUSTOMERS))


@pytest.fixture(scope="module")
def expected(load: list[Message]) -> Expected:
    return expect(load)


def worked(load: list[Message]) -> tuple[dict[str, bytes], list[str]]:
    """States and action ids after these messages in this order."""
    job, held, ids = Job(), dict[str, bytes](), list[str]()
    for message in load:
        held[message.customer], actions = work(job, held.get(message.customer), decode_event(message.value))
        ids += [decode_action(encode_action(action)).id for action in actions]
    return held, ids


def test_the_load_is_as_large_and_as_mixed_as_told(load: list[Message]) -> None:
    shares = [sum(message.topic == topic for message in load) / len(load) for topic in TOPICS]

    assert {len(message.value) for message in load} == {300}
    assert shares == pytest.approx([0.2, 0.78, 0.02], abs=0.02)
    assert EVENTS < len(load) < EVENTS * 1.02
    assert {message.partition for message in load} == set(range(PARTITIONS))


def test_about_one_event_in_six_leads_to_an_action(expected: Expected) -> None:
    assert expected.events == EVENTS
    assert 0.12 < len(expected.actions) / EVENTS < 0.2


def test_topics_may_be_read_one_after_the_other(load: list[Message], expected: Expected) -> None:
    by_topic = [message for topic in TOPICS for message in load if message.topic == topic]

    assert check(expected, *worked(by_topic)).clean


def test_the_checker_sees_each_kind_of_difference(load: list[Message], expected: Expected) -> None:
    held, ids = worked(load)
    anna, bert, *_ = held
    less = msgspec.structs.replace(expected.states[anna], views=0, seen=expected.states[anna].seen - 1)

    found = check(expected, {**held, anna: encode_state(less), bert: held[bert]}, [*ids[1:], ids[1], "f" * 24])

    assert (found.lost, found.doubled, found.strange, found.wrong, found.unapplied) == (1, 1, 1, 1, 1)
    assert not found.clean


async def test_a_lane_does_the_job_with_few_or_many_customers_in_cache(
    load: list[Message], expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    for in_cache in (5, 10_000):
        monkeypatch.setattr("benchmarks.reference.lane.IN_HAND", in_cache)
        store, out = MemoryStore(), list[OutboxEntry]()
        for partition in range(PARTITIONS):
            mine = [message for message in load if message.partition == partition]
            out += await live(store, partition, mine)
        stored = {who: body for p in range(PARTITIONS) async for who, body, _ in store.scan(p)}

        assert check(expected, stored, [decode_action(entry.value).id for entry in out]).clean


class Port:
    """A lane's port to a store, which keeps what goes into the outbox."""

    def __init__(self, store: MemoryStore, partition: int, version: int) -> None:
        self._store, self._partition, self._version = store, partition, version
        self.out: list[OutboxEntry] = []

    async def load(self, step: NeedRecords) -> Loaded:
        return await self._store.load(self._partition, step.customers)

    async def almanac(self, step: NeedAlmanac) -> None:
        raise AssertionError("the reference job learns nothing")

    async def save(self, step: Save) -> bool:
        self._version = await self._store.commit(self._partition, self._version, step.commit)
        self.out += step.commit.outbox
        return True


async def live(store: MemoryStore, partition: int, load: list[Message]) -> list[OutboxEntry]:
    """One lane over its messages; what it put into its outbox."""
    lane = LeanLane(partition, LaneState(offsets={}), "actions", Job())
    port = Port(store, partition, (await store.claim(partition)).version)
    for begin in range(0, len(load), 700):
        await drive(lane.take(batch_of(partition, load[begin : begin + 700])), port)
    return port.out


async def test_the_lane_is_as_far_as_its_batch_and_not_only_as_its_last_event() -> None:
    load = [one for one in messages(200, customers=20) if one.partition == 0]
    lane, store = LeanLane(0, LaneState(offsets={}), "actions", Job()), MemoryStore()
    batch = msgspec.structs.replace(batch_of(0, load), until=load[-1].at + 1_000)

    await drive(lane.take(batch), Port(store, 0, (await store.claim(0)).version))

    assert lane.state.time == batch.until, "what lies behind is taken for a crowd of timers"


def batch_of(partition: int, load: list[Message]) -> Batch:
    admission = AdmissionRules(partition, PARTITIONS, latest=load[-1].at, forwards=True)
    raws = [
        KafkaRecord(one.topic, partition, n, one.at, one.customer.encode(), one.value) for n, one in enumerate(load)
    ]
    arrivals = [item for item in (receive(raw, admission) for raw in raws) if isinstance(item, Arrival)]
    return Batch(arrivals, load[-1].at, dict.fromkeys(TOPICS, len(load)))
