"""A lane out of one store and into another, through its file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from agents.recovery.restore import write_lane
from agents.worker.lane_states import HALF_RESTORED, recover_state
from infra.snapshot import Head, LaneWriter, read_customers, read_head, read_outbox
from infra.store import CustomerImage, MemoryStore, RedisStore, Store
from schemas.errors import ConfigurationRefused, Fenced
from schemas.lane import BrokerIdentity, Commit, LaneState, OutboxEntry
from schemas.topics import LANE_TOPICS
from tests import backends

AnyStore = Store | MemoryStore
P = 3
BROKER = BrokerIdentity("cluster", {})
BEGINS = dict.fromkeys(LANE_TOPICS, 0)
STATE = LaneState(dict.fromkeys(LANE_TOPICS, 5), time=77, epoch=3, sequence=40, broker=BROKER)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backends.any_store(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(params=["memory", "server"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[AnyStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    async with RedisStore(request.getfixturevalue("server")) as store:
        await store.wipe()
        yield store


def entries(first: int, last: int) -> list[OutboxEntry]:
    return [OutboxEntry(n, "care.messages", P, b"c1", b"x" * 3_000) for n in range(first, last + 1)]


def images(count: int) -> list[CustomerImage]:
    return [
        CustomerImage(
            f"c{n}",
            b"r%d" % n * 300,
            b"book" if n % 2 else None,
            n if n % 3 else None,
            [b"%d" % d * 100 for d in range(n % 33)],
        )
        for n in range(count)
    ]


def write(path: Path, customers: list[CustomerImage], outbox: list[OutboxEntry]) -> None:
    with LaneWriter(path, Head(P, msgspec.msgpack.encode(STATE), {}), outbox) as writer:
        writer.add(customers)
        writer.finish()


async def restore(store: AnyStore, path: Path) -> None:
    state = read_head(path).state
    assert state is not None
    await write_lane(store, P, state, read_outbox(path), read_customers(path))


async def held(store: AnyStore) -> dict[str, CustomerImage]:
    return {image.customer: image async for some in (await store.copy(P)).customers for image in some}


async def test_a_lane_comes_back_with_all_that_it_had(store: AnyStore, tmp_path: Path) -> None:
    write(tmp_path / "lane", images(2_500), entries(31, 440))

    await restore(store, tmp_path / "lane")

    assert await held(store) == {image.customer: image for image in images(2_500)}
    claimed = await store.claim(P)
    assert claimed.outbox == entries(31, 440)
    assert recover_state(claimed.state, P, BROKER, "wall", BEGINS) == STATE
    await store.commit(P, claimed.version, Commit(b"s", outbox=entries(441, 442), published=35))
    assert (await store.claim(P)).outbox == entries(36, 442)


async def test_who_comes_twice_is_taken_once(store: AnyStore, tmp_path: Path) -> None:
    write(tmp_path / "lane", [*images(500), *images(500)], [])

    await restore(store, tmp_path / "lane")

    assert await held(store) == {image.customer: image for image in images(500)}


async def test_half_a_lane_is_taken_up_by_nobody(store: AnyStore, tmp_path: Path) -> None:
    write(tmp_path / "lane", images(2_000), [])

    def torn() -> Iterator[list[CustomerImage]]:
        yield next(read_customers(tmp_path / "lane"))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        await write_lane(store, P, msgspec.msgpack.encode(STATE), [], torn())

    body = (await store.claim(P)).state
    assert body is not None
    assert msgspec.msgpack.decode(body, type=LaneState).clock == HALF_RESTORED
    with pytest.raises(ConfigurationRefused, match=r"restored in part only.*tend restore"):
        recover_state(body, P, BROKER, "wall", BEGINS)


async def test_a_worker_that_takes_the_lane_over_stops_the_restore(store: AnyStore, tmp_path: Path) -> None:
    write(tmp_path / "lane", images(10), entries(1, 3))

    class Taken(MemoryStore):
        """The lane in that store, claimed by somebody else as soon as it is half there."""

        claim = store.claim
        load = store.load

        async def commit(self, partition: int, version: int, commit: Commit) -> int:
            if commit.records:
                await store.claim(partition)
            return await store.commit(partition, version, commit)

    with pytest.raises(Fenced):
        await restore(Taken(), tmp_path / "lane")

    assert await held(store) == {}
