"""Lanes on a Redis Cluster: one slot each, and a slot that moves meanwhile."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from redis import Redis
from redis.crc import key_slot

from agents.rights import ROLES
from infra.embedded import EmbeddedStore
from infra.store import RedisStore
from infra.store.keys import lane_keys
from schemas.errors import DependencyUnavailable
from schemas.lane import Commit, OutboxEntry
from tests.infra.store_servers import NODES, SLOTS, cluster_of_three, command

LANES = range(8)
LUA = sorted(path.name for path in files("infra.store").joinpath("lua").iterdir())


@pytest.fixture(scope="module")
def nodes() -> Iterator[Sequence[EmbeddedStore]]:
    with tempfile.TemporaryDirectory() as directory, cluster_of_three(Path(directory)) as nodes:
        yield nodes


def slot_of(partition: int) -> int:
    return key_slot(lane_keys(partition).state.encode())


@pytest.mark.parametrize("partition", [0, 1, 7, 8, 63, 999])
def test_all_keys_of_a_lane_lie_in_one_slot(partition: int) -> None:
    assert {key_slot(key.encode()) for key in lane_keys(partition)} == {slot_of(partition)}


def test_lanes_lie_in_different_slots() -> None:
    assert len({slot_of(partition) for partition in range(256)}) == 256


@pytest.mark.parametrize("script", LUA)
def test_a_script_touches_only_keys_that_it_was_given(script: str) -> None:
    text = files("infra.store").joinpath("lua", script).read_text(encoding="utf-8")
    touched = re.findall(r"\bredis\.call\(([^,]+), ([^,)]+)|\b(?:call|values)\(([^,]+), ([^,)]+)", text)

    assert touched or "redis.call('TIME')" in text
    for command_name, key, first, second in touched:
        # Through the script's own functions, or at once; `key` is what these were given.
        if command_name:
            assert re.fullmatch(r"KEYS\[\d\]|key", key), (script, command_name, key)
        else:
            assert any(re.fullmatch(r"KEYS\[\d\]|key", part) for part in (first, second)), (script, first, second)


async def test_lanes_on_all_servers_are_served_through_one_address(nodes: Sequence[EmbeddedStore]) -> None:
    async with RedisStore(nodes[0].url, cluster=True) as store:
        for partition in LANES:
            version = (await store.claim(partition)).version
            await store.commit(partition, version, Commit(b"s", {f"c{partition}": b"r"}))

        assert {slot_of(partition) * NODES // SLOTS for partition in LANES} == set(range(NODES))
        for partition in LANES:
            assert [row async for row in store.scan(partition)] == [(f"c{partition}", b"r", None)]

        await store.wipe()
        assert [await store.lane(partition) for partition in LANES] == [None] * len(LANES)


async def test_every_server_of_a_cluster_is_checked(nodes: Sequence[EmbeddedStore]) -> None:
    async with RedisStore(nodes[0].url, cluster=True) as store:
        warnings = await store.check()

    assert len(warnings) == len(nodes)
    assert all("appendfsync" in warning for warning in warnings)


async def test_a_slot_that_moves_meanwhile_takes_a_commit_whole_or_not_at_all(nodes: Sequence[EmbeddedStore]) -> None:
    """Under the rights that are shipped for workers, with which a client has to follow the slot."""
    partition = next(p for p in range(64) if slot_of(p) < SLOTS // NODES)
    slot, keys = slot_of(partition), lane_keys(partition)
    (worker,) = (role for role in ROLES if role.name == "worker")
    for node in nodes:
        with Redis.from_url(node.url) as operator:
            command(operator, "ACL", "SETUSER", "worker", "on", ">secret", "~tend:*", "-@all", *worker.commands)
    async with RedisStore(nodes[0].url, cluster=True, username="worker", password="secret") as store:
        version = (await store.claim(partition)).version
        version = await store.commit(partition, version, told(1))
        with Redis.from_url(nodes[0].url) as here, Redis.from_url(nodes[1].url) as there:
            begin_to_move(slot, here, there)
            move(here, nodes[1], keys.customers)

            with pytest.raises(DependencyUnavailable):
                await store.commit(partition, version, told(2))

            for key in lane_keys(partition):
                move(here, nodes[1], key)
            finish_moving(slot, there, here)

        assert await store.lane(partition) == (version, b"1")
        assert await store.customer(partition, "anna") == (b"1", b"1")
        assert await store.commit(partition, version, told(2)) == version + 1
        assert await store.customer(partition, "anna") == (b"2", b"2")


def told(n: int) -> Commit:
    """A commit that says in every place which one it is."""
    word = b"%d" % n
    entry = OutboxEntry(n, "care.messages", 0, b"anna", word)
    return Commit(word, {"anna": word}, {"anna": word}, {"anna": n}, {"anna": [word]}, (entry,))


def begin_to_move(slot: int, here: Redis, there: Redis) -> None:
    command(there, "CLUSTER SETSLOT", slot, "IMPORTING", command(here, "CLUSTER MYID").decode())
    command(here, "CLUSTER SETSLOT", slot, "MIGRATING", command(there, "CLUSTER MYID").decode())


def move(here: Redis, target: EmbeddedStore, key: str) -> None:
    host, port = target.address.split(":")
    command(here, "MIGRATE", host, port, key, 0, 5_000)


def finish_moving(slot: int, there: Redis, here: Redis) -> None:
    owner = command(there, "CLUSTER MYID").decode()
    for client in (there, here):
        command(client, "CLUSTER SETSLOT", slot, "NODE", owner)
