"""Recent decisions as programs of before laid them down: a ring of fields, and their count."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.store import MAX_DECISIONS, RedisStore
from infra.store.keys import lane_keys
from schemas.lane import Commit
from tests import backends

P = 7


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory, backends.any_store(Path(directory)) as url:
        yield url


@pytest.fixture
async def redis(server: str) -> AsyncIterator[RedisStore]:
    async with RedisStore(server) as store:
        await store.wipe()
        yield store


async def ring_of_before(redis: RedisStore, name: str, count: int) -> list[bytes]:
    """Recent decisions as programs of before wrote them, the newest first."""
    await redis.client.hset(lane_keys(P).decisions, name, str(count))
    for n in range(count):
        await redis.client.hset(lane_keys(P).decisions, f"{name} {n % MAX_DECISIONS}", str(n))
    return [b"%d" % n for n in range(count - 1, max(count - MAX_DECISIONS, 0) - 1, -1)]


@pytest.mark.parametrize("count", [3, MAX_DECISIONS + 5])
async def test_decisions_of_a_program_of_before_are_read_copied_and_taken_along(redis: RedisStore, count: int) -> None:
    version = (await redis.claim(P)).version
    version = await redis.commit(P, version, Commit(b"s", {"anna": b"A"}))
    before = await ring_of_before(redis, "anna", count)

    assert await redis.decisions(P, "anna") == before
    images = [image async for some in (await redis.copy(P)).customers for image in some]
    assert [image.decisions for image in images] == [before[::-1]]

    await redis.commit(P, version, Commit(b"s", decisions={"anna": [b"new"]}))
    assert await redis.decisions(P, "anna") == [b"new", *before][:MAX_DECISIONS]
    assert await redis.client.hkeys(lane_keys(P).decisions) == [b"anna"], "the ring is gone"


async def test_who_is_forgotten_leaves_no_decision_of_before(redis: RedisStore) -> None:
    version = (await redis.claim(P)).version
    version = await redis.commit(P, version, Commit(b"s", {"anna": b"A"}))
    await ring_of_before(redis, "anna", MAX_DECISIONS)

    await redis.commit(P, version, Commit(b"s", {"anna": b""}))

    assert await redis.client.hlen(lane_keys(P).decisions) == 0
