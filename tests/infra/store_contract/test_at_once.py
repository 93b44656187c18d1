"""What happens at the same moment, by another program's hand, or while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from infra.store import Store
from schemas.errors import DependencyUnavailable, Fenced
from schemas.lane import Commit
from tests.infra.store_contract.lane import P, contents


def of(n: int) -> Commit:
    """A commit that has the same number everywhere."""
    told = b"%d" % n
    return Commit(told, {"anna": told, "bert": told}, {"anna": told}, {"bert": n})


async def test_of_commits_that_come_at_the_same_moment_one_is_done(store: Store) -> None:
    version = (await store.claim(P)).version
    for _ in range(10):  # a pool has all of its connections after a while
        tried = [store.commit(P, version, of(n)) for n in range(1, 9)]
        answers = await asyncio.gather(*tried, return_exceptions=True)

        version += 1
        (done,) = [n for n, answer in enumerate(answers, 1) if answer == version]
        assert sum(isinstance(answer, Fenced) for answer in answers) == len(answers) - 1
        loaded = await store.load(P, ["anna", "bert"], ["anna"], due_until=99, due_limit=9)
        told = b"%d" % done
        assert await store.lane(P) == (version, told)
        assert (loaded.records, loaded.orders) == ({"anna": told, "bert": told}, {"anna": told})
        assert loaded.due == [(done, "bert")]


async def test_nobody_sees_half_of_a_commit(store: Store) -> None:
    version = await store.commit(P, (await store.claim(P)).version, of(1))

    async def write() -> None:
        at = version
        for n in range(2, 60):
            at = await store.commit(P, at, of(n))
            await asyncio.sleep(0)

    async def look() -> set[bytes]:
        loaded = await store.load(P, ["anna"], ["anna"], due_until=99, due_limit=9)
        return {*loaded.records.values(), *loaded.orders.values(), *(b"%d" % at for at, _ in loaded.due)}

    async def copy() -> set[bytes | None]:
        copied = await store.copy(P)
        return {copied.state, *[image.record async for some in copied.customers for image in some]}

    writing = asyncio.create_task(write())
    seen: list[set[bytes] | set[bytes | None]] = []
    while not writing.done():
        seen += [await look(), await copy()]
        await asyncio.sleep(0)  # a dictionary never waits
    await writing

    assert [told for told in seen if len(told) != 1] == []


async def test_what_one_program_has_committed_another_sees(
    store: Store, beside: Store, request: pytest.FixtureRequest
) -> None:
    if store.address == "memory":
        request.applymarker(pytest.mark.xfail(strict=True, reason="what is in memory is one program's own"))
    await store.commit(P, (await store.claim(P)).version, of(1))

    assert await contents(beside) == await contents(store)
    assert (await beside.claim(P)).state == b"1"


async def test_who_owned_the_lane_before_the_store_was_rolled_back_is_fenced(store: Store, beside: Store) -> None:
    """Both have claimed the lane at the same version: the name of the claim tells them apart."""
    old = await store.claim(P)
    await store.wipe()
    new = await beside.claim(P)
    assert old.version == new.version

    with pytest.raises(Fenced):
        await store.commit(P, old.version, of(1))

    assert await beside.commit(P, new.version, of(2)) == new.version + 1


CALLS: dict[str, Callable[[Store], object]] = {
    "time": lambda store: store.time(),
    "claim": lambda store: store.claim(P),
    "owner": lambda store: store.owner(P),
    "load": lambda store: store.load(P, ["anna"]),
    "customer": lambda store: store.customer(P, "anna"),
    "decisions": lambda store: store.decisions(P, "anna"),
    "timer": lambda store: store.timer(P, "anna"),
    "lane": lambda store: store.lane(P),
    "counts": lambda store: store.counts(P),
    "scan": lambda store: anext(aiter(store.scan(P))),
    "beginning_with": lambda store: store.beginning_with(P, "a", 9),
    "copy": lambda store: store.copy(P),
    "check": lambda store: store.check(),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_store_that_is_away_says_so_and_where_it_should_be(away: Store, call: str) -> None:
    with pytest.raises(DependencyUnavailable, match=away.address):
        await CALLS[call](away)  # type: ignore[misc]  # each of them can be awaited
