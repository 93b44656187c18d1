"""What pages read of the rollups: sums, lists, work, where customers stand; over all partitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis, RedisCluster

from agents.rollups.answers import CustomersActions, decode_answered
from agents.rollups.keys import CAUGHT_UP, KEEPER, key
from agents.rollups.model import LIST_LIMITS, RULE_ROWS, WorkItem, decode_standing, decode_work
from infra.store.errors import translate_errors
from schemas.times import Millis


class RollupReader:
    """The rollups of one installation, to read.

    Args:
        client: of the store that lanes use, too; only keys of the rollups are touched.
        address: for messages.
        partitions: of each topic that is keyed by customer.
    """

    def __init__(self, client: Redis | RedisCluster, address: str, partitions: int) -> None:
        self.client = client
        self._address = address
        self.partitions = partitions

    async def positions(self, partition: int) -> dict[str, int]:
        """The next offset of each topic."""
        found = await self._ask(self.client.hgetall(key(partition, "positions")))
        return {topic.decode(): int(offset) for topic, offset in found.items()}

    async def work(self, partition: int) -> dict[str, WorkItem]:
        """All that is to be done or was done lately, by customer and id."""
        found = await self._ask(self.client.hgetall(key(partition, "work")))
        return {name.decode(): decode_work(body) for name, body in found.items()}

    async def held_actions(self, partition: int) -> set[str]:
        """The ids of the actions that are held."""
        return {one.decode() for one in await self._ask(self.client.smembers(key(partition, "held")))}

    async def erased(self, partition: int) -> dict[str, Millis]:
        """Who asked to be forgotten, and when."""
        found = await self._ask(self.client.hgetall(key(partition, "erased")))
        return {customer.decode(): int(at) for customer, at in found.items()}

    async def answers(self, partition: int, customers: Iterable[str]) -> CustomersActions:
        """What was told of the actions of these customers."""
        wanted = sorted(customers)
        if not wanted:
            return {}
        pipe = self.client.pipeline(transaction=False)
        for customer in wanted:
            pipe.hgetall(key(partition, "answers", customer))
        found = zip(wanted, await self._ask(pipe.execute()), strict=True)
        return {
            customer: {action.decode(): decode_answered(body) for action, body in actions.items()}
            for customer, actions in found
        }

    async def is_kept(self) -> bool:
        """Whether a keeper is at work, or was seconds ago."""
        return bool(await self._ask(self.client.exists(key(0, KEEPER))))

    async def is_caught_up(self) -> bool:
        """Whether all that lay in the topics a moment ago is in the rollups."""
        return bool(await self._ask(self.client.exists(key(0, CAUGHT_UP))))

    async def counts(self) -> dict[str, int]:
        """All sums since the beginning, over all partitions."""
        return await self._summed(key(p, "counts") for p in range(self.partitions))

    async def days(self, days: Sequence[str]) -> dict[str, dict[str, int]]:
        """The sums of each of these days, ``YYYYMMDD``."""
        return await self._summed_by(days, "day")

    async def minutes(self, minutes: Sequence[int]) -> dict[str, dict[str, int]]:
        """The sums of each of these minutes since the epoch."""
        return await self._summed_by([str(minute) for minute in minutes], "minute")

    async def places(self) -> dict[str, int]:
        """How many customers stand where (``tier.gold``, ``stage.loyal``) and ever moved (``moved.loyal>at_risk``)."""
        return await self._summed(key(p, "places") for p in range(self.partitions))

    async def risks(self) -> list[int]:
        """How many customers have which risk of leaving, by tenths."""

        def queue(pipe: Any, partition: int) -> None:
            for tenth in range(10):
                end = f"({(tenth + 1) / 10}" if tenth < 9 else "+inf"
                pipe.zcount(key(partition, "risk"), tenth / 10, end)

        counts = await self._each(queue)
        return [sum(counts[tenth::10]) for tenth in range(10)]

    async def feed(self, limit: int) -> list[bytes]:
        """The newest decisions of all partitions, each partition's newest first."""
        return await self._lists([key(p, "feed") for p in range(self.partitions)], limit)

    async def of_rule(self, rule: str, limit: int = RULE_ROWS) -> list[bytes]:
        """The newest decisions of one rule."""
        return await self._lists([key(p, "rule", rule) for p in range(self.partitions)], limit)

    async def rows(self, partition: int, name: str, customer: str) -> list[bytes]:
        """One of a customer's lists, the newest first."""
        found = await self._ask(self.client.lrange(key(partition, name, customer), 0, -1))
        return list(found)

    async def lists(self, partition: int, customer: str) -> dict[str, list[bytes]]:
        """All of a customer's lists by name, the newest first, in one look."""
        pipe = self.client.pipeline(transaction=False)
        for name in LIST_LIMITS:
            pipe.lrange(key(partition, name, customer), 0, -1)
        return dict(zip(LIST_LIMITS, await self._ask(pipe.execute()), strict=True))

    async def held(self) -> int:
        """How many actions are held now."""
        return sum(await self._each(lambda pipe, p: pipe.scard(key(p, "held"))))

    async def found(self, keys: Iterable[str]) -> list[str]:
        """The customers that any of these search keys leads to."""
        wanted = list(keys)
        answers = await self._each(lambda pipe, p: pipe.hmget(key(p, "index"), wanted)) if wanted else []
        return sorted({one.decode() for answer in answers for one in answer if one is not None})

    async def beginning_with(self, beginning: str, limit: int) -> list[str]:
        """The first customers whose ids begin so, in order."""
        start = beginning.encode()
        answers = await self._each(
            lambda pipe, p: pipe.zrangebylex(key(p, "ids"), b"[" + start, b"[" + start + b"\xff", 0, limit)
        )
        return sorted(one.decode() for answer in answers for one in answer)[:limit]

    async def all_work(self) -> list[WorkItem]:
        """All work, that which is done lately among it."""
        answers = await self._each(lambda pipe, p: pipe.hvals(key(p, "work")))
        return [decode_work(body) for answer in answers for body in answer]

    async def one_work(self, partition: int, name: str) -> WorkItem | None:
        """One piece of work."""
        body = await self._ask(self.client.hget(key(partition, "work"), name))
        return decode_work(body) if body else None

    async def latest(self, limit: int, *, by: str = "seen") -> list[tuple[str, float]]:
        """Customers by the time of their last event (``seen``) or by risk of leaving (``risk``), the greatest first."""
        answers = await self._each(lambda pipe, p: pipe.zrevrange(key(p, by), 0, limit - 1, withscores=True))
        every = [(customer.decode(), score) for answer in answers for customer, score in answer]
        return sorted(every, key=lambda one: -one[1])[:limit]

    async def customers(self) -> int:
        """How many customers have ever been seen."""
        return sum(await self._each(lambda pipe, p: pipe.zcard(key(p, "seen"))))

    async def tiers(self, customers: Iterable[str]) -> dict[str, str]:
        """The tier of each of these customers, where they have one."""
        wanted = list(dict.fromkeys(customers))
        if not wanted:
            return {}
        answers = await self._each(lambda pipe, p: pipe.hmget(key(p, "standing"), wanted))
        found = {customer: body for answer in answers for customer, body in zip(wanted, answer, strict=True) if body}
        return {customer: decode_standing(body).tier for customer, body in found.items()}

    async def read(self) -> dict[tuple[int, str], int]:
        """How far each topic's partition has been read."""
        answers = await self._each(lambda pipe, p: pipe.hgetall(key(p, "positions")))
        return {(p, topic.decode()): int(at) for p, found in enumerate(answers) for topic, at in found.items()}

    async def _summed(self, keys: Iterable[str]) -> dict[str, int]:
        pipe = self.client.pipeline(transaction=False)
        for name in keys:
            pipe.hgetall(name)
        return _sum(await self._ask(pipe.execute()))

    async def _summed_by(self, buckets: Sequence[str], name: str) -> dict[str, dict[str, int]]:
        pipe = self.client.pipeline(transaction=False)
        for bucket in buckets:
            for partition in range(self.partitions):
                pipe.hgetall(key(partition, name, bucket))
        answers = await self._ask(pipe.execute())
        size = self.partitions
        return {bucket: _sum(answers[n * size : (n + 1) * size]) for n, bucket in enumerate(buckets)}

    async def _lists(self, keys: Sequence[str], limit: int) -> list[bytes]:
        pipe = self.client.pipeline(transaction=False)
        for name in keys:
            pipe.lrange(name, 0, limit - 1)
        return [body for answer in await self._ask(pipe.execute()) for body in answer]

    async def _each(self, queue: Any) -> list[Any]:
        pipe = self.client.pipeline(transaction=False)
        for partition in range(self.partitions):
            queue(pipe, partition)
        return list(await self._ask(pipe.execute()))

    async def _ask(self, answer: Any) -> Any:
        with translate_errors(self._address):
            return await answer


def _sum(hashes: Iterable[Mapping[bytes, bytes]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in hashes:
        for name, value in one.items():
            total[name.decode()] = total.get(name.decode(), 0) + int(value)
    return total
