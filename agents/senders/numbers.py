"""Whom a number belongs to: the customers who were written to there, so that an answer from it finds them.

Numbers lie here as keyed hashes (``AccessKeys.index_key``), and what an answer took away from consent is remembered, so
that it can be given back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, Final, NamedTuple

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.times import DAY, Millis

_KEPT: Final[Millis] = 730 * DAY
"""About as long as messages stay on a phone."""


class Reached(NamedTuple):
    """A customer who was written to at a number."""

    customer: str
    action_id: str
    """The last action that went there."""
    hops: int
    taken: tuple[str, ...]
    """Purposes whose consent an answer has withdrawn."""


class Numbers:
    """Who was written to at which number. ``number`` is always the hash of one."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address

    async def note(self, number: str, customer: str, action_id: str, hops: int) -> None:
        """An action goes to a number."""
        await self._ask(self._client.sadd(self._of(customer), number))
        await self._ask(self._client.hset(self._last(number), customer, f"{action_id} {hops}"))
        await self._keep(self._of(customer), self._last(number))

    async def reached(self, number: str) -> list[Reached]:
        """The customers of a number, in the order of their ids."""
        taken = {_text(who): _text(told) for who, told in (await self._all(self._taken(number))).items()}
        found = []
        for who, told in (await self._all(self._last(number))).items():
            action_id, hops = _text(told).split(" ")
            purposes = tuple(taken.get(_text(who), "").split())
            found.append(Reached(_text(who), action_id, int(hops), purposes))
        return sorted(found)

    async def take(self, number: str, customer: str, purposes: Iterable[str]) -> None:
        """An answer from it withdraws consent, beside what was withdrawn before."""
        before = await self._ask(self._client.hget(self._taken(number), customer))
        taken = {*purposes, *_text(before or "").split()}
        await self._ask(self._client.hset(self._taken(number), customer, " ".join(sorted(taken))))
        await self._keep(self._taken(number))

    async def give_back(self, number: str, customer: str) -> None:
        """What was withdrawn was given again."""
        await self._ask(self._client.hdel(self._taken(number), customer))

    async def erase(self, customer: str) -> None:
        """Forget that a customer was written to anywhere."""
        for told in await self._ask(self._client.smembers(self._of(customer))):
            await self._ask(self._client.hdel(self._last(_text(told)), customer))
            await self._ask(self._client.hdel(self._taken(_text(told)), customer))
        await self._ask(self._client.delete(self._of(customer)))

    async def holds(self, customer: str) -> bool:
        """Whether anything of a customer is kept."""
        return bool(await self._ask(self._client.exists(self._of(customer))))

    def _last(self, number: str) -> str:
        return f"tend:number:{number}"

    def _taken(self, number: str) -> str:
        return f"tend:number:{number}:taken"

    def _of(self, customer: str) -> str:
        return f"tend:numbers:of:{customer}"

    async def _keep(self, *keys: str) -> None:
        for key in keys:
            await self._ask(self._client.pexpire(key, _KEPT))

    async def _all(self, key: str) -> dict[Any, Any]:
        return dict(await self._ask(self._client.hgetall(key)))

    async def _ask(self, answer: Awaitable[Any] | Any) -> Any:
        with translate_errors(self._address):
            return await answer


def _text(told: Any) -> str:
    return told.decode() if isinstance(told, bytes) else str(told)
