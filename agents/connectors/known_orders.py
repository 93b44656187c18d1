"""Whose order is it? Refunds and parcels come with the number of their order alone, and sometimes before it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from agents.connectors.told import Told, ToldFact
from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.times import DAY, Millis

_KEPT: Final[Millis] = 400 * DAY
"""About as long as goods come back."""
_WAITS: Final[Millis] = 30 * DAY
_MOST_WAITING: Final = 50
_MOST_FACTS: Final = 400


class Known(NamedTuple):
    """An order whose message named its customer."""

    customer: str
    number: str


class KnownOrders:
    """The orders of one system, and news of orders that have not come yet."""

    def __init__(self, client: Client, address: str, system: str) -> None:
        self._client, self._address, self._system = client, address, system

    async def remember(self, order: str, known: Known) -> Known | None:
        """An order has come; whose it was said to be before, if anybody's."""
        line = f"{known.customer} {known.number}"
        before = await self._ask(self._client.set(self._key(order), line, px=_KEPT, get=True))
        await self._ask(self._client.sadd(self._of(known.customer), order))
        await self._ask(self._client.pexpire(self._of(known.customer), _KEPT))
        await self._ask(self._client.pexpire(self._facts(order), _KEPT))
        return _known(before)

    async def find(self, order: str) -> Known | None:
        """Whose it is; None while only news of it has come."""
        return _known(await self._ask(self._client.get(self._key(order))))

    async def keep(self, order: str, news: tuple[Told, ...]) -> None:
        """Keep news until its order comes; told again, it is kept once."""
        kept = {one["id"]: orjson.dumps(one) for one in news}
        if await self._ask(self._client.hlen(self._waiting(order))) < _MOST_WAITING:
            await self._ask(self._client.hset(self._waiting(order), mapping=kept))
            await self._ask(self._client.pexpire(self._waiting(order), _WAITS))

    async def waiting(self, order: str) -> list[Told]:
        """What was kept."""
        return [orjson.loads(one) for one in await self._ask(self._client.hvals(self._waiting(order)))]

    async def release(self, order: str, ids: list[str]) -> None:
        """What was kept is safe in Kafka now."""
        if ids:
            await self._ask(self._client.hdel(self._waiting(order), *ids))

    async def learn(self, order: str, facts: Iterable[ToldFact]) -> None:
        """Keep what was told of an order, whether it has come or not."""
        key = self._facts(order)
        room = max(0, _MOST_FACTS - await self._ask(self._client.hlen(key)))
        for fact in islice(facts, room):
            await self._ask(self._client.hsetnx(key, f"{fact.at} {fact.name}", fact.told))
        await self._ask(self._client.pexpire(key, _WAITS, nx=True))

    async def facts(self, order: str) -> dict[str, str]:
        """All that was told of it; of what changes the latest."""
        key = self._facts(order)
        told = {_text(name): _text(value) for name, value in (await self._ask(self._client.hgetall(key))).items()}
        latest: dict[str, tuple[int, str]] = {}
        for field, value in told.items():
            at, name = field.split(" ", 1)
            latest[name] = max(latest.get(name, (0, "")), (int(at), value))
        if outdated := [field for field in told if int(field.split(" ", 1)[0]) < latest[field.split(" ", 1)[1]][0]]:
            await self._ask(self._client.hdel(key, *outdated))
        return {name: value for name, (_, value) in latest.items()}

    async def erase(self, customer: str) -> None:
        """Forget whose the customer's orders were."""
        for order in await self._ask(self._client.smembers(self._of(customer))):
            await self._ask(self._client.delete(self._key(_text(order))))
            await self._ask(self._client.delete(self._facts(_text(order))))
        await self._ask(self._client.delete(self._of(customer)))

    async def holds(self, customer: str) -> bool:
        """Whether anything of the customer is kept here."""
        return bool(await self._ask(self._client.exists(self._of(customer))))

    def _key(self, order: str) -> str:
        return f"tend:order:{self._system}:{order}"

    def _waiting(self, order: str) -> str:
        return f"tend:order:{self._system}:{order}:waiting"

    def _facts(self, order: str) -> str:
        return f"tend:order:{self._system}:{order}:facts"

    def _of(self, customer: str) -> str:
        return f"tend:orders:{self._system}:of:{customer}"

    async def _ask(self, answer: Awaitable[Any] | Any) -> Any:
        with translate_errors(self._address):
            return await answer


def _known(told: Any) -> Known | None:
    if told is None:
        return None
    customer, number = _text(told).split(" ", 1)
    return Known(customer, number)


def _text(told: Any) -> str:
    return told.decode() if isinstance(told, bytes) else str(told)
