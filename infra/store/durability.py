"""Refuses a server that would make the promises empty: one that evicts, or that keeps no append-only file."""

from __future__ import annotations

from typing import Any

import msgspec
from redis.asyncio import RedisCluster
from redis.exceptions import NoPermissionError, ResponseError

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.errors import ConfigurationRefused


class ServerFacts(msgspec.Struct, frozen=True):
    """What one server says of itself; empty where it does not tell."""

    address: str
    policy: str
    """``maxmemory-policy``."""
    append_only: str
    """``yes`` or ``no``."""
    fsync: str
    """``appendfsync``."""
    role: str


async def check_durability(client: Client, address: str) -> list[str]:
    """Look at every server that holds lanes.

    Returns:
        Warnings for people: what is weaker than it could be.

    Raises:
        ConfigurationRefused: a server evicts, keeps no append-only file, or is a replica.
        DependencyUnavailable: a server does not answer.
    """
    return [warning for facts in await _all_facts(client, address) for warning in judge(facts)]


def judge(facts: ServerFacts) -> list[str]:
    """The warnings about one server.

    Raises:
        ConfigurationRefused: with what was found, what is expected, and the command.
    """
    cli = f"redis-cli -u redis://{facts.address}"
    if facts.role == "slave":
        raise ConfigurationRefused(
            f"The store at {facts.address} is a replica, which takes no writes. "
            f"Expected the primary: see master_host in `{cli} INFO replication`, and give its address in the settings."
        )
    if facts.policy not in ("noeviction", ""):
        raise ConfigurationRefused(
            f"The store at {facts.address} may evict customers: maxmemory-policy is {facts.policy}, "
            f"expected noeviction. Fix: {cli} CONFIG SET maxmemory-policy noeviction && {cli} CONFIG REWRITE "
            f"(managed service: the parameter group)."
        )
    if facts.append_only == "no":
        raise ConfigurationRefused(
            f"The store at {facts.address} keeps no append-only file: appendonly is no, expected yes, "
            f"else a restart forgets customers. Fix: {cli} CONFIG SET appendonly yes && {cli} CONFIG REWRITE "
            f"(managed service: the parameter group)."
        )
    return _warnings(facts, cli)


def _warnings(facts: ServerFacts, cli: str) -> list[str]:
    warnings = []
    if facts.fsync and facts.fsync != "always":
        warnings.append(
            f"The store at {facts.address} has appendfsync {facts.fsync}: a crash of the machine may forget the last "
            f"second, and its decisions are taken again. Expected always: {cli} CONFIG SET appendfsync always"
        )
    unknown = [
        name
        for name, value in (
            ("maxmemory-policy", facts.policy),
            ("appendonly", facts.append_only),
            ("appendfsync", facts.fsync),
        )
        if not value
    ]
    if unknown:
        warnings.append(
            f"The store at {facts.address} does not tell its {', '.join(unknown)}. "
            f"Make sure of maxmemory-policy noeviction, appendonly yes, appendfsync always."
        )
    return warnings


async def _all_facts(client: Client, address: str) -> list[ServerFacts]:
    with translate_errors(address):
        if not isinstance(client, RedisCluster):
            return [await _facts(client, address, {})]
        await client.initialize()
        nodes = client.get_primaries()
        return [await _facts(client, f"{node.host}:{node.port}", {"target_nodes": node}) for node in nodes]


async def _facts(client: Client, address: str, where: dict[str, Any]) -> ServerFacts:
    info = await client.execute_command("INFO", **where)
    settings = {name: await _setting(client, name, where) for name in ("maxmemory-policy", "appendonly", "appendfsync")}
    told = {"1": "yes", "0": "no"}.get(str(info.get("aof_enabled", "")), "")
    return ServerFacts(
        address=address,
        policy=settings["maxmemory-policy"] or str(info.get("maxmemory_policy", "")),
        append_only=settings["appendonly"] or told,
        fsync=settings["appendfsync"],
        role=str(info.get("role", "")),
    )


async def _setting(client: Client, name: str, where: dict[str, Any]) -> str:
    """The server's setting, or nothing where CONFIG is forbidden, as managed services do."""
    try:
        found = await client.execute_command("CONFIG GET", name, **where)
    except (NoPermissionError, ResponseError):
        return ""
    return str(found.get(name, ""))
