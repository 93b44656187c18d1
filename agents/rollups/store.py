"""The rollups in Redis: written with their positions in one transaction, read by pages, emptied of a customer.

Everything kept about a customer is in ``holds``: the lists under their id, the entries of the search index, work, the
place among all.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

import msgpack
from redis.asyncio import Redis, RedisCluster

from agents.rollups.commands import AMONG_ALL, Command, commands_of, erasure_of, kept_beside
from agents.rollups.keys import CAUGHT_UP, KEEPER, key
from agents.rollups.model import (
    CLOSED_WORK,
    INDEXED_VALUES,
    LIST_LIMITS,
    Changes,
    WorkItem,
    encode,
)
from agents.rollups.reader import RollupReader
from schemas.outcome import decode_decision
from schemas.times import Millis

_MOVE_OF_RISK: Final = 0.01
"""A smaller one is not kept."""


class Overtaken(Exception):
    """Another keeper has written meanwhile; nothing was written. Begin again from the positions held."""


class RollupStore(RollupReader):
    """The rollups of one installation, to read and to write; arguments are those of ``RollupReader``."""

    def __init__(self, client: Redis | RedisCluster, address: str, partitions: int) -> None:
        super().__init__(client, address, partitions)
        script = resources.files("agents.rollups").joinpath("write.lua").read_text(encoding="utf-8")
        self._write = client.register_script(script)

    async def claim(self, name: str, seconds: int) -> bool:
        """Whether this keeper is the one at work, for so long from now on."""
        at = key(0, KEEPER)
        if await self._ask(self.client.set(at, name, nx=True, ex=seconds)):
            return True
        if await self._ask(self.client.get(at)) == name.encode():
            await self._ask(self.client.expire(at, seconds))
            return True
        return False

    async def note_caught_up(self, *, caught_up: bool) -> None:
        """Note whether the keeper has read to the end."""
        at = key(0, CAUGHT_UP)
        await self._ask(self.client.set(at, 1) if caught_up else self.client.delete(at))

    async def write(self, partition: int, before: Mapping[str, int], changes: Changes) -> None:
        """Write a batch with the positions behind it: all of it, or nothing.

        Args:
            partition: whose.
            before: the positions that the batch went on from.
            changes: what it adds.

        Raises:
            Overtaken: the positions held are not ``before``.
            DependencyUnavailable: the store does not answer. It may have been written: read the positions.
        """
        forgotten = await self._outgrown(partition, changes)
        erased = [command for one in changes.erased for command in await self._erasure_of(partition, one)]
        went_on = {topic: str(offset) for topic, offset in before.items()}
        told = [_pack(went_on), _pack(list(commands_of(partition, changes, forgotten, erased)))]
        if not await self._ask(self._write(keys=[key(partition, "positions")], args=told)):
            raise Overtaken

    async def _outgrown(self, partition: int, changes: Changes) -> dict[str, list[str]]:
        """For each customer whose values pass the bound, the oldest ones: they are found no longer."""
        customers = list(changes.index)
        if not customers:
            return {}
        pipe = self.client.pipeline(transaction=False)
        for customer in customers:
            pipe.zcard(key(partition, "found-by", customer))
        sizes = await self._ask(pipe.execute())
        outgrown: dict[str, list[str]] = {}
        for customer, size in zip(customers, sizes, strict=True):
            over = size + len(changes.index[customer]) - INDEXED_VALUES
            if over > 0:
                kept = changes.index[customer]
                oldest = await self._keys_found_by(partition, customer, over)
                outgrown[customer] = [name for name in oldest if name not in kept]
        return {customer: keys for customer, keys in outgrown.items() if keys}

    async def prune_work(self, partition: int, work: dict[str, WorkItem]) -> None:
        """Forget the finished work beyond the bound, the oldest first."""
        closed = sorted((one.closed, name) for name, one in work.items() if one.closed)
        for _, name in closed[:-CLOSED_WORK] if len(closed) > CLOSED_WORK else []:
            del work[name]
            await self._ask(self.client.hdel(key(partition, "work"), name))

    async def note_risks(self, partition: int, risks: Mapping[str, float | None], seen: Mapping[str, Millis]) -> None:
        """Note the risk of leaving, and what it was where it has moved; nothing is left of those who have no score.

        Args:
            partition: whose.
            risks: by customer.
            seen: up to when each customer's life was looked at.
        """
        scores = {customer: risk for customer, risk in risks.items() if risk is not None}
        without = [customer for customer, risk in risks.items() if risk is None]
        at = key(partition, "risk")
        before = await self._ask(self.client.zmscore(at, list(scores))) if scores else []
        pipe: Any = self.client.pipeline(transaction=True)
        if without:
            pipe.zrem(at, *without)
            pipe.delete(*(key(partition, "scores", customer) for customer in without))
        if scores:
            pipe.zadd(at, scores)
        for (customer, risk), was in zip(scores.items(), before, strict=True):
            if was is None or abs(was - risk) >= _MOVE_OF_RISK:
                pipe.lpush(key(partition, "scores", customer), encode((seen[customer], round(risk, 4))))
                pipe.ltrim(key(partition, "scores", customer), 0, LIST_LIMITS["scores"] - 1)
        await self._ask(pipe.execute())

    async def holds(self, partition: int, customer: str) -> bool:
        """Whether anything is held about a customer."""
        pipe = self.client.pipeline(transaction=False)
        for name in LIST_LIMITS:
            pipe.exists(key(partition, name, customer))
        pipe.exists(*kept_beside(partition, customer))
        pipe.hexists(key(partition, "standing"), customer)
        for name in AMONG_ALL:
            pipe.zscore(key(partition, name), customer)
        found = await self._ask(pipe.execute())
        return any(found) or any(one.customer == customer and one.text for one in (await self.work(partition)).values())

    async def _erasure_of(self, partition: int, customer: str) -> list[Command]:
        keys = await self._keys_found_by(partition, customer)
        decided = {body: decode_decision(body).rule for body in await self.rows(partition, "care", customer)}
        return list(erasure_of(partition, customer, keys, decided))

    async def _keys_found_by(self, partition: int, customer: str, oldest: int = 0) -> list[str]:
        found = await self._ask(self.client.zrange(key(partition, "found-by", customer), 0, oldest - 1))
        return [one.decode() for one in found]


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=False)  # the old raw type is all that Lua's cmsgpack knows
    return packed
