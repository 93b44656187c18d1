"""The rollups in Redis: written with their positions in one transaction, read by pages, emptied of a customer.

Everything kept about a customer is in ``erase`` and ``holds``: the lists under their id, the entries of the search
index, work, what is held, the place among all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from importlib import resources
from typing import Any, Final, cast

import msgpack
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import WatchError

from agents.rollups.commands import commands_of, erasure_of, kept_beside
from agents.rollups.keys import CAUGHT_UP, KEEPER, key
from agents.rollups.model import (
    CLOSED_WORK,
    INDEXED_VALUES,
    LIST_LIMITS,
    MOVE_ROWS,
    Changes,
    Standing,
    WorkItem,
    decode_standing,
    encode,
)
from agents.rollups.reader import RollupReader
from infra.store.errors import translate_errors
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
        erased = {customer: await self._keys_found_by(partition, customer) for customer in changes.erased}
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

    # ------------------------------------------------------------ where customers stand

    async def stand(
        self,
        partition: int,
        standings: Mapping[str, Standing],
        since: Mapping[str, Millis],
    ) -> None:
        """Note where customers stand now, and count them there instead of where they stood.

        Args:
            partition: whose.
            standings: by customer.
            since: when each came into their present stage.

        Raises:
            Overtaken: another keeper has written meanwhile.
        """
        if not standings:
            return
        at = key(partition, "standing")
        with translate_errors(self._address):
            pipe: Any = self.client.pipeline(transaction=True)
            try:
                await cast("Awaitable[Any]", pipe.watch(at))
                before = await pipe.hmget(at, list(standings))
                pipe.multi()
                _queue_standings(pipe, partition, standings, before, since)
                await pipe.execute()
            except WatchError:
                raise Overtaken from None
            finally:
                await pipe.reset()

    async def note_risks(self, partition: int, risks: Mapping[str, float], seen: Mapping[str, Millis]) -> None:
        """Note the risk of leaving of customers who have a score, and what it was where it has moved.

        Args:
            partition: whose.
            risks: by customer.
            seen: up to when each customer's life was looked at.
        """
        if not risks:
            return
        at = key(partition, "risk")
        before = await self._ask(self.client.zmscore(at, list(risks)))
        pipe: Any = self.client.pipeline(transaction=True)
        pipe.zadd(at, dict(risks))
        for (customer, risk), was in zip(risks.items(), before, strict=True):
            if was is None or abs(was - risk) >= _MOVE_OF_RISK:
                pipe.lpush(key(partition, "scores", customer), encode((seen[customer], round(risk, 4))))
                pipe.ltrim(key(partition, "scores", customer), 0, LIST_LIMITS["scores"] - 1)
        await self._ask(pipe.execute())

    # ------------------------------------------------------------ one customer

    async def erase(self, partition: int, customer: str) -> None:
        """Forget everything about a customer."""
        keys = await self._keys_found_by(partition, customer)
        work = [name for name, one in (await self.work(partition)).items() if one.customer == customer]
        with translate_errors(self._address):
            pipe: Any = self.client.pipeline(transaction=True)
            for command in erasure_of(partition, customer, keys):
                pipe.execute_command(*command)
            if work:
                pipe.hdel(key(partition, "work"), *work)
            await pipe.execute()

    async def holds(self, partition: int, customer: str) -> bool:
        """Whether anything is held about a customer."""
        pipe = self.client.pipeline(transaction=False)
        for name in LIST_LIMITS:
            pipe.exists(key(partition, name, customer))
        pipe.exists(*kept_beside(partition, customer))
        pipe.hexists(key(partition, "standing"), customer)
        for name in ("seen", "ids", "risk"):
            pipe.zscore(key(partition, name), customer)
        found = await self._ask(pipe.execute())
        return any(found) or any(one.customer == customer for one in (await self.work(partition)).values())

    async def _keys_found_by(self, partition: int, customer: str, oldest: int = 0) -> list[str]:
        found = await self._ask(self.client.zrange(key(partition, "found-by", customer), 0, oldest - 1))
        return [one.decode() for one in found]


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=False)  # the old raw type is all that Lua's cmsgpack knows
    return packed


def _queue_standings(
    pipe: Any,
    partition: int,
    standings: Mapping[str, Standing],
    before: Sequence[bytes | None],
    since: Mapping[str, Millis],
) -> None:
    places = key(partition, "places")
    for (customer, now), body in zip(standings.items(), before, strict=True):
        was = decode_standing(body) if body else None
        if was == now:
            continue
        for name, by in _differences(was, now).items():
            pipe.hincrby(places, name, by)
        pipe.hset(key(partition, "standing"), customer, encode(now))
        if was is not None and was.stage != now.stage:
            pipe.lpush(key(partition, "moves", customer), encode((since.get(customer, 0), was.stage, now.stage)))
            pipe.ltrim(key(partition, "moves", customer), 0, MOVE_ROWS - 1)


def _differences(was: Standing | None, now: Standing) -> dict[str, int]:
    changes: dict[str, int] = {}
    for standing, by in ((was, -1), (now, 1)):
        if standing is None:
            continue
        for name in standing.__struct_fields__:
            value = getattr(standing, name)
            changes[f"{name}.{value}"] = changes.get(f"{name}.{value}", 0) + by
    if was is not None and was.stage != now.stage:
        changes[f"moved.{was.stage}>{now.stage}"] = 1
    return {name: by for name, by in changes.items() if by}


def standing_of(record: Any) -> tuple[Standing, float | None]:
    """Where a customer stands, and their risk of leaving where there is a score."""
    segment, risk = record.segment, record.churn[0] if record.churn else None
    tenth = -1 if risk is None else min(int(risk * 10), 9)
    return Standing(segment.tier or "none", segment.stage or "none", segment.value or "none", tenth), risk
