"""A server that would make the promises empty is refused, in words that say what to do."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

import pytest
from redis import Redis

from infra.embedded import EmbeddedStore
from infra.embedded.process import free_port
from infra.store import RedisStore
from infra.store.durability import ServerFacts, judge
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from tests.infra.store_servers import command


async def checked(server: EmbeddedStore, username: str = "", password: str | None = None) -> list[str]:
    async with RedisStore(server.url, username=username, password=password) as store:
        return await store.check()


async def test_a_durable_server_is_accepted_without_a_word(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as server:
        assert await checked(server) == []


async def test_a_server_that_syncs_each_second_is_accepted_with_a_warning(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path, "everysec") as server:
        (warning,) = await checked(server)

    assert "appendfsync everysec" in warning
    assert "CONFIG SET appendfsync always" in warning


@pytest.mark.parametrize(
    ("setting", "found"),
    [({"maxmemory-policy": "allkeys-lru"}, "allkeys-lru"), ({"appendonly": "no"}, "appendonly is no")],
)
async def test_a_server_that_forgets_is_refused_until_the_told_command_is_typed(
    tmp_path: Path, setting: dict[str, str], found: str
) -> None:
    with EmbeddedStore(tmp_path, extra=setting) as server:
        with pytest.raises(ConfigurationRefused, match=found) as refused:
            await checked(server)
        assert server.address in str(refused.value)

        fix = str(refused.value).partition("Fix: ")[2].partition(" && ")[0]
        program, option, url, *words = shlex.split(fix)
        assert (program, option, url) == ("redis-cli", "-u", f"redis://{server.address}")
        with Redis.from_url(url) as operator:
            command(operator, *words)
            await first_file_written(operator)

        assert await checked(server) == []


@pytest.mark.parametrize("setting", [{"maxmemory-policy": "volatile-ttl"}, {"appendonly": "no"}])
async def test_where_config_is_forbidden_info_tells_as_much(tmp_path: Path, setting: dict[str, str]) -> None:
    with EmbeddedStore(tmp_path, extra=setting) as server:
        let_in_without_config(server)

        with pytest.raises(ConfigurationRefused, match=next(iter(setting))):
            await checked(server, "tend", "tend")


async def test_where_config_is_forbidden_what_cannot_be_known_is_a_warning(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as server:
        let_in_without_config(server)

        (warning,) = await checked(server, "tend", "tend")

    assert "does not tell its appendfsync" in warning


async def test_a_replica_is_refused(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as server:
        with Redis.from_url(server.url) as operator:
            command(operator, "REPLICAOF", "127.0.0.1", free_port())

        with pytest.raises(ConfigurationRefused, match="replica"):
            await checked(server)


async def test_a_server_that_is_not_there_is_away_rather_than_refused() -> None:
    async with RedisStore(f"redis://127.0.0.1:{free_port()}/0") as store:
        with pytest.raises(DependencyUnavailable):
            await store.check()


def test_a_server_that_tells_nothing_is_accepted_with_a_warning_that_names_all() -> None:
    (warning,) = judge(ServerFacts("here:1", policy="", append_only="", fsync="", role="master"))

    assert "maxmemory-policy, appendonly, appendfsync" in warning


async def first_file_written(operator: Redis) -> None:
    """A server that still writes its first append-only file cannot be stopped."""
    for _ in range(500):
        if b"aof_rewrite_in_progress:0" in command(operator, "EVAL", "return redis.call('INFO', 'persistence')", 0):
            return
        await asyncio.sleep(0.02)


def let_in_without_config(server: EmbeddedStore) -> None:
    """A user as managed services have them: everything but CONFIG."""
    with Redis.from_url(server.url) as operator:
        command(operator, "ACL SETUSER", "tend", "on", ">tend", "~tend:*", "+@all", "-config")
