"""A lane is copied as it was at one moment, while it goes on."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from infra.store import (
    MAX_DECISIONS,
    CustomerImage,
    LaneCopy,
    RedisStore,
    Store,
)
from infra.store.keys import lane_keys
from infra.store.lane_copy import PATIENCE_MS
from schemas.errors import TendError
from schemas.lane import Commit
from tests.infra.store_contract.lane import P, entries


async def copied(copy: LaneCopy) -> dict[str, CustomerImage]:
    """The customers of a copy; who comes twice is the same both times."""
    found: dict[str, CustomerImage] = {}
    async for some in copy.customers:
        for image in some:
            assert found.setdefault(image.customer, image) == image
    return found


async def test_a_lane_that_nobody_claimed_is_copied_as_empty(store: Store) -> None:
    copy = await store.copy(P)

    assert (copy.version, copy.state, copy.outbox) == (0, None, [])
    assert await copied(copy) == {}
    assert await store.lane(P) is None


async def test_a_copy_holds_everything_of_the_lane(store: Store) -> None:
    version = (await store.claim(P)).version
    decisions = {"anna": [b"%d" % n for n in range(MAX_DECISIONS + 3)], "bert": [b"x"]}
    everything = Commit(
        b"s", {"anna": bytes(range(256)), "bert": b"B"}, {"anna": b"book"}, {"bert": 2**45}, decisions, entries(1, 2)
    )
    version = await store.commit(P, version, everything)

    copy = await store.copy(P)

    assert (copy.version, copy.state, copy.outbox) == (version, b"s", list(entries(1, 2)))
    assert await copied(copy) == {
        "anna": CustomerImage("anna", bytes(range(256)), b"book", None, decisions["anna"][3:]),
        "bert": CustomerImage("bert", b"B", None, 2**45, [b"x"]),
    }


async def fill(store: Store, version: int, names: list[str]) -> int:
    """Customers of whom everything is there, each with their own."""
    for start in range(0, len(names), 250):
        some = names[start : start + 250]
        version = await store.commit(
            P,
            version,
            Commit(
                b"before",
                {name: b"r" + name.encode() for name in some},
                {name: b"o" + name.encode() for name in some[::2]},
                dict.fromkeys(some[::3], 7),
                {name: [name.encode()] * (1 + n % 40) for n, name in enumerate(some[::5])},
            ),
        )
    return version


async def test_a_copy_stays_as_it_was_while_the_lane_goes_on(store: Store) -> None:
    names = [f"c{n:04}" for n in range(1_500)]
    version = await fill(store, (await store.claim(P)).version, names)
    expected = await copied(await store.copy(P))

    copy = await store.copy(P)
    found: dict[str, CustomerImage] = {}
    rounds = 0
    async for some in copy.customers:
        for image in some:
            assert found.setdefault(image.customer, image) == image
        rounds += 1
        # Everybody may change, be forgotten, or come anew, those who were copied and those who were not.
        hit = names[rounds * 37 : rounds * 37 + 200]
        version = await store.commit(
            P,
            version,
            Commit(
                b"after",
                {name: b"" if n % 7 == 0 else b"changed" for n, name in enumerate(hit)} | {f"new{rounds}": b"n"},
                dict.fromkeys(hit[1::7], b""),
                {name: None if n % 2 else 99 for n, name in enumerate(hit[2::7])},
                {name: [b"later"] * 3 for name in hit[3::7]},
            ),
        )

    assert copy.state == b"before"
    assert found.keys() == expected.keys() == set(names)
    assert found == expected
    now = await copied(await store.copy(P))
    assert (await store.counts(P)).customers == len(now)
    assert sum(image.record == b"changed" for image in now.values()) > 100


async def test_after_a_copy_nothing_is_kept_for_it(redis: RedisStore) -> None:
    version = await fill(redis, (await redis.claim(P)).version, ["anna", "bert"])

    await copied(await redis.copy(P))
    await redis.commit(P, version, Commit(b"s", {"anna": b"new"}))

    assert not await redis.client.exists(lane_keys(P).before)


async def test_a_copy_that_another_one_has_followed_says_so(redis: RedisStore) -> None:
    await fill(redis, (await redis.claim(P)).version, [f"c{n}" for n in range(600)])

    first, second = await redis.copy(P), await redis.copy(P)

    assert len(await copied(second)) == 600
    with pytest.raises(TendError, match=f"copy of lane {P} was given up.*begin again"):
        await copied(first)


async def test_a_copy_that_nobody_reads_expires_by_itself(redis: RedisStore) -> None:
    await fill(redis, (await redis.claim(P)).version, ["anna"])

    await redis.copy(P)

    assert 0 < await redis.client.pttl(lane_keys(P).before) <= PATIENCE_MS


async def test_a_copy_that_is_closed_leaves_nothing(redis: RedisStore) -> None:
    await fill(redis, (await redis.claim(P)).version, [f"c{n}" for n in range(600)])

    async with aclosing((await redis.copy(P)).customers) as portions:
        assert await anext(portions)

    assert not await redis.client.exists(lane_keys(P).before)
