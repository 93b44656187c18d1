"""What the store does when the server, the wire or another owner makes trouble."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis, exceptions

from infra.embedded import EmbeddedStore
from infra.embedded.process import free_port
from infra.store import RedisStore
from infra.store.errors import translate_errors
from infra.store.scripts import script_text
from schemas.errors import ConfigurationRefused, DependencyUnavailable, Fenced
from schemas.lane import Commit, OutboxEntry
from tests.infra.store_servers import LossyWire, command

P = 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store") as server:
        yield server


@pytest.fixture
def operator(server: EmbeddedStore) -> Iterator[Redis]:
    """Somebody with a command line at the server."""
    with Redis.from_url(server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def store(server: EmbeddedStore) -> AsyncIterator[RedisStore]:
    async with RedisStore(server.url) as store:
        yield store


def batch(n: int) -> Commit:
    """The n-th batch: it says in every place that it is the n-th."""
    told = b"%d" % n
    return Commit(
        state=told,
        records={"anna": told, f"c{n}": told},
        orders={"anna": told},
        timers={"anna": n},
        decisions={"anna": [told]},
        outbox=(OutboxEntry(n, "care.messages", P, b"anna", told),),
        published=n - 3,
    )


async def assert_holds(store: RedisStore, n: int) -> None:
    """Everything of the n-th batch is there, and nothing of a later one."""
    told = b"%d" % n
    lane = await store.lane(P)
    assert lane is not None
    assert lane[1] == told
    assert await store.customer(P, "anna") == (told, told)
    assert await store.timer(P, "anna") == n
    assert (await store.decisions(P, "anna"))[0] == told
    assert (await store.counts(P)).customers == n + 1
    assert [entry.sequence for entry in (await store.claim(P)).outbox] == list(range(max(n - 2, 1), n + 1))


# ---------------------------------------------------------------- crashes


async def test_every_acknowledged_commit_survives_a_server_killed_at_any_moment(server: EmbeddedStore) -> None:
    async with RedisStore(server.url) as store:
        version, done = (await store.claim(P)).version, 0
        for kill_after in (1, 20, 100):
            done = await commit_until_killed(store, server, version, done, kill_after)
            server.start()

            async with RedisStore(server.url) as reader:
                lane = await reader.lane(P)
            assert lane is not None
            # The one whose answer never came may have been written or not: nothing in between.
            assert lane[1] in (b"%d" % done, b"%d" % (done + 1))
            done = int(lane[1] or b"0")
            await assert_holds(store, done)
            version = (await store.claim(P)).version


async def commit_until_killed(
    store: RedisStore, server: EmbeddedStore, version: int, done: int, kill_after: int
) -> int:
    """Commits one batch after the other and has the server killed meanwhile; returns the last acknowledged one."""
    killing: asyncio.Future[None] | None = None
    while True:
        try:
            version = await store.commit(P, version, batch(done + 1))
        except DependencyUnavailable:
            assert killing is not None
            await killing
            return done
        done += 1
        if done >= kill_after and killing is None:
            killing = asyncio.get_running_loop().run_in_executor(None, server.kill)


async def test_the_same_commit_is_tried_again_until_the_server_is_back(server: EmbeddedStore) -> None:
    async with RedisStore(server.url) as store:
        version = (await store.claim(P)).version
        version = await store.commit(P, version, batch(1))
        server.kill()
        with pytest.raises(DependencyUnavailable, match=server.address):
            await store.commit(P, version, batch(2))
        with pytest.raises(DependencyUnavailable):
            await store.load(P, ["anna"])

        server.start()

        assert await store.commit(P, version, batch(2)) == version + 1
        await assert_holds(store, 2)


async def test_a_restarted_server_that_forgot_the_scripts_is_told_them_again(
    store: RedisStore, operator: Redis
) -> None:
    version = (await store.claim(P)).version
    command(operator, "SCRIPT", "FLUSH", "SYNC")

    await store.commit(P, version, batch(1))
    command(operator, "SCRIPT", "FLUSH", "SYNC")

    assert (await store.load(P, ["anna"])).records == {"anna": b"1"}


# ---------------------------------------------------------------- lost answers


async def test_a_lost_answer_to_a_commit_is_asked_for_again(server: EmbeddedStore) -> None:
    async with LossyWire(server) as wire, RedisStore(wire.url) as store:
        version = (await store.claim(P)).version
        version = await store.commit(P, version, batch(1))
        wire.lose_only_after = hash_of("commit")
        wire.answers_to_lose = 1

        assert await store.commit(P, version, batch(2)) == version + 1

        assert wire.answers_to_lose == 0
        await assert_holds(store, 2)


async def test_a_commit_whose_answers_are_lost_again_and_again_can_be_repeated_by_the_lane(
    server: EmbeddedStore,
) -> None:
    async with LossyWire(server) as wire, RedisStore(wire.url) as store:
        version = (await store.claim(P)).version
        version = await store.commit(P, version, batch(1))
        wire.lose_only_after = hash_of("commit")
        wire.answers_to_lose = 5

        with pytest.raises(DependencyUnavailable):
            await store.commit(P, version, batch(2))
        with pytest.raises(DependencyUnavailable):
            await store.commit(P, version, batch(2))

        assert await store.commit(P, version, batch(2)) == version + 1
        assert wire.answers_to_lose == 0
        await assert_holds(store, 2)


async def test_a_lost_answer_to_a_claim_does_not_fence_the_claimer(server: EmbeddedStore) -> None:
    async with LossyWire(server) as wire, RedisStore(wire.url) as store:
        await store.claim(P)
        wire.lose_only_after = hash_of("claim")
        wire.answers_to_lose = 1

        claimed = await store.claim(P)

        assert wire.answers_to_lose == 0
        assert claimed.version == 2
        assert await store.commit(P, claimed.version, batch(1)) == 3


async def test_a_question_that_was_given_up_does_not_leave_its_answer_to_the_next(
    store: RedisStore, operator: Redis
) -> None:
    version = (await store.claim(P)).version
    await store.commit(P, version, batch(1))
    command(operator, "CLIENT", "PAUSE", 500, "ALL")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.load(P, ["c1"]), 0.1)

    assert (await store.load(P, ["anna"])).records == {"anna": b"1"}


def hash_of(script: str) -> bytes:
    """What a request for the script carries."""
    return hashlib.sha1(script_text(script).encode()).hexdigest().encode()


# ---------------------------------------------------------------- owners


async def test_a_zombie_in_another_process_writes_nothing(server: EmbeddedStore, store: RedisStore) -> None:
    zombie_version = (await store.claim(P)).version
    zombie_version = await store.commit(P, zombie_version, batch(1))
    async with RedisStore(server.url) as owner:
        version = (await owner.claim(P)).version
        await owner.commit(P, version, batch(2))

        with pytest.raises(Fenced):
            await store.commit(P, zombie_version, batch(3))

        await assert_holds(owner, 2)


async def test_a_version_that_comes_round_again_after_a_rollback_does_not_let_the_zombie_in(
    server: EmbeddedStore, store: RedisStore, operator: Redis
) -> None:
    version = (await store.claim(P)).version
    kept = cast("dict[str, str]", operator.hgetall(f"tend:{{{P}}}:state"))
    zombie_version = await store.commit(P, version, batch(1))
    # The server forgets its last second, as one that does not sync may do in a crash.
    operator.flushall()
    operator.hset(f"tend:{{{P}}}:state", mapping=cast("Any", kept))
    async with RedisStore(server.url) as owner:
        assert (await owner.claim(P)).version == zombie_version

        with pytest.raises(Fenced):
            await store.commit(P, zombie_version, batch(2))

        assert await owner.lane(P) == (zombie_version, None)


# ---------------------------------------------------------------- what the server says


async def test_a_server_that_is_not_there_is_away() -> None:
    async with RedisStore(f"redis://127.0.0.1:{free_port()}/0") as store:
        for question in (store.ping(), store.claim(P), store.load(P, []), store.lane(P), store.wipe()):
            with pytest.raises(DependencyUnavailable):
                await question
        with pytest.raises(DependencyUnavailable):
            await anext(store.scan(P))


async def test_a_full_server_takes_nothing_and_still_answers(
    server: EmbeddedStore, store: RedisStore, operator: Redis
) -> None:
    version = (await store.claim(P)).version
    for n in range(1, 5):
        version = await store.commit(P, version, batch(n))
    operator.config_set("maxmemory", "1")

    with pytest.raises(DependencyUnavailable, match="maxmemory"):
        await store.commit(P, version, batch(5))
    async with RedisStore(server.url) as another:
        with pytest.raises(DependencyUnavailable, match="maxmemory"):
            await another.claim(P)

    assert (await store.load(P, ["anna"])).records == {"anna": b"4"}
    assert await store.lane(P) == (version, b"4")
    operator.config_set("maxmemory", "0")
    await assert_holds(store, 4)


@pytest.mark.parametrize("stale", ["yes", "no"])
async def test_a_primary_that_became_a_replica_is_away(store: RedisStore, operator: Redis, stale: str) -> None:
    version = (await store.claim(P)).version
    operator.config_set("replica-serve-stale-data", stale)
    command(operator, "REPLICAOF", "127.0.0.1", free_port())

    with pytest.raises(DependencyUnavailable):
        await store.commit(P, version, batch(1))

    command(operator, "REPLICAOF", "NO", "ONE")
    assert await store.commit(P, version, batch(1)) == version + 1


async def test_a_wrong_password_is_refused_in_words_and_never_shown(server: EmbeddedStore, operator: Redis) -> None:
    operator.config_set("requirepass", "right")
    async with RedisStore(server.url, password="wrong-secret") as store:
        with pytest.raises(ConfigurationRefused, match="password") as refused:
            await store.claim(P)
    assert "wrong-secret" not in str(refused.value)

    async with RedisStore(server.url, username="default", password="right") as store:
        assert (await store.claim(P)).version == 1


async def test_a_user_who_may_not_run_scripts_is_refused(server: EmbeddedStore, operator: Redis) -> None:
    command(operator, "ACL", "SETUSER", "guest", "on", ">guest", "~tend:*", "+@all", "-@scripting")
    async with RedisStore(server.url, username="guest", password="guest") as store:
        with pytest.raises(ConfigurationRefused, match="run scripts"):
            await store.claim(P)


async def test_a_user_of_tends_own_keys_is_enough(server: EmbeddedStore, operator: Redis) -> None:
    commands = ("+@scripting", "+@read", "+@write", "+@connection", "-@dangerous", "+info")
    command(operator, "ACL", "SETUSER", "tend", "on", ">tend", "~tend:*", *commands)
    async with RedisStore(server.url, username="tend", password="tend") as store:
        version = (await store.claim(P)).version
        await store.commit(P, version, batch(1))
        await assert_holds(store, 1)


async def test_wiping_leaves_what_is_not_tends(store: RedisStore, operator: Redis) -> None:
    version = (await store.claim(P)).version
    await store.commit(P, version, batch(1))
    operator.set("tender", "mine")

    await store.wipe()

    assert operator.keys("*") == ["tender"]


@pytest.mark.parametrize(
    "error",
    [
        exceptions.BusyLoadingError("LOADING Valkey is loading the dataset in memory"),
        exceptions.MaxConnectionsError("too many"),
        exceptions.ClusterDownError("CLUSTERDOWN Hash slot not served"),
        exceptions.ResponseError("MISCONF Errors writing to the AOF file"),
        exceptions.ResponseError("ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write"),
        exceptions.ResponseError("NOREPLICAS Not enough good replicas to write"),
        exceptions.NoScriptError("No matching script. Please use EVAL."),
        exceptions.TimeoutError(),
        OSError("broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_itself_is_a_dependency_away(error: Exception) -> None:
    with pytest.raises(DependencyUnavailable, match=r"the store at here:1: \S"), translate_errors("here:1"):
        raise error


def test_what_nobody_expected_is_not_called_passing() -> None:
    with pytest.raises(exceptions.ResponseError), translate_errors("here:1"):
        raise exceptions.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
