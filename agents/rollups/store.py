"""The rollups in Redis: written with their positions in one transaction, read by pages, emptied of a customer.

Everything kept about a customer is in ``erase`` and ``holds``: the lists under their id, the entries of the search
index, work, what is held, the place among all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, cast

from redis.exceptions import WatchError

from agents.rollups.keys import CLAIMS, key
from agents.rollups.model import (
    CLOSED_WORK,
    DAY_LIFE_SECONDS,
    FEED_ROWS,
    INDEXED_VALUES,
    LIST_LIMITS,
    MINUTE_LIFE_SECONDS,
    MOVE_ROWS,
    RULE_ROWS,
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
    """The rollups of one installation, to read and to write."""

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
        with translate_errors(self._address):
            forgotten = await self._outgrown(partition, changes)
            erased = {customer: await self._keys_found_by(partition, customer) for customer in changes.erased}
            pipe: Any = self.client.pipeline(transaction=True)
            try:
                await cast("Awaitable[Any]", pipe.watch(key(partition, "positions")))
                held = await pipe.hgetall(key(partition, "positions"))
                if {topic.decode(): int(at) for topic, at in held.items()} != before:
                    raise Overtaken
                pipe.multi()
                self._queue(pipe, partition, changes)
                self._queue_index(pipe, partition, changes.index, forgotten)
                for customer, keys in erased.items():
                    self._queue_erasure(pipe, partition, customer, keys)
                await pipe.execute()
            except WatchError:
                raise Overtaken from None
            finally:
                await pipe.reset()

    def _queue(self, pipe: Any, partition: int, changes: Changes) -> None:
        pipe.hset(key(partition, "positions"), mapping=changes.positions)
        for name, by in changes.counts.items():
            pipe.hincrby(key(partition, "counts"), name, by)
        for day, fields in changes.days.items():
            for name, by in fields.items():
                pipe.hincrby(key(partition, "day", day), name, by)
            pipe.expire(key(partition, "day", day), DAY_LIFE_SECONDS)
        for minute, sums in changes.minutes.items():
            for name, by in sums.items():
                pipe.hincrby(key(partition, "minute", str(minute)), name, by)
            pipe.expire(key(partition, "minute", str(minute)), MINUTE_LIFE_SECONDS)
        for (name, of), bodies in changes.rows.items():
            pipe.lpush(key(partition, name, of), *bodies)
            pipe.ltrim(key(partition, name, of), 0, LIST_LIMITS.get(name, RULE_ROWS) - 1)
        if changes.feed:
            pipe.lpush(key(partition, "feed"), *changes.feed[-FEED_ROWS:])
            pipe.ltrim(key(partition, "feed"), 0, FEED_ROWS - 1)
        self._queue_sets(pipe, partition, changes)
        self._queue_answers(pipe, partition, changes)

    def _queue_answers(self, pipe: Any, partition: int, changes: Changes) -> None:
        for customer, actions in changes.answers.items():
            kept = {action: body for action, body in actions.items() if body is not None}
            gone = [action for action, body in actions.items() if body is None]
            if kept:
                pipe.hset(key(partition, "answers", customer), mapping=kept)
            if gone:
                pipe.hdel(key(partition, "answers", customer), *gone)

    def _queue_sets(self, pipe: Any, partition: int, changes: Changes) -> None:
        held = [action for action, is_held in changes.held.items() if is_held]
        decided = [action for action, is_held in changes.held.items() if not is_held]
        if held:
            pipe.sadd(key(partition, "held"), *held)
        if decided:
            pipe.srem(key(partition, "held"), *decided)
        if changes.seen:
            pipe.zadd(key(partition, "seen"), changes.seen, gt=True)
            pipe.zadd(key(partition, "ids"), dict.fromkeys(changes.seen, 0))
        for name, work in changes.work.items():
            pipe.hset(key(partition, "work"), name, encode(work))

    def _queue_index(
        self, pipe: Any, partition: int, added: Mapping[str, Mapping[str, Millis]], forgotten: Mapping[str, list[str]]
    ) -> None:
        for customer, found in added.items():
            pipe.hset(key(partition, "index"), mapping=dict.fromkeys(found, customer))
            pipe.zadd(key(partition, "found-by", customer), dict(found))
        for customer, keys in forgotten.items():
            pipe.hdel(key(partition, "index"), *keys)
            pipe.zrem(key(partition, "found-by", customer), *keys)

    async def _outgrown(self, partition: int, changes: Changes) -> dict[str, list[str]]:
        """For each customer whose values pass the bound, the oldest ones: they are found no longer."""
        customers = list(changes.index)
        if not customers:
            return {}
        pipe = self.client.pipeline(transaction=False)
        for customer in customers:
            pipe.zcard(key(partition, "found-by", customer))
        sizes = await pipe.execute()
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
            self._queue_erasure(pipe, partition, customer, keys)
            if work:
                pipe.hdel(key(partition, "work"), *work)
            await pipe.execute()

    async def holds(self, partition: int, customer: str) -> bool:
        """Whether anything is held about a customer."""
        pipe = self.client.pipeline(transaction=False)
        for name in LIST_LIMITS:
            pipe.exists(key(partition, name, customer))
        pipe.exists(*_kept_beside(partition, customer))
        pipe.hexists(key(partition, "standing"), customer)
        for name in ("seen", "ids", "risk"):
            pipe.zscore(key(partition, name), customer)
        found = await self._ask(pipe.execute())
        return any(found) or any(one.customer == customer for one in (await self.work(partition)).values())

    def _queue_erasure(self, pipe: Any, partition: int, customer: str, keys: Sequence[str]) -> None:
        for name in LIST_LIMITS:
            pipe.delete(key(partition, name, customer))
        if keys:
            pipe.hdel(key(partition, "index"), *keys)
        pipe.delete(*_kept_beside(partition, customer))
        for name in ("seen", "ids", "risk"):
            pipe.zrem(key(partition, name), customer)
        pipe.hdel(key(partition, "standing"), customer)

    async def _keys_found_by(self, partition: int, customer: str, oldest: int = 0) -> list[str]:
        found = await self._ask(self.client.zrange(key(partition, "found-by", customer), 0, oldest - 1))
        return [one.decode() for one in found]


def _kept_beside(partition: int, customer: str) -> list[str]:
    """The keys about a customer that are no lists."""
    return [key(partition, name, customer) for name in ("found-by", "answers", CLAIMS)]


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
