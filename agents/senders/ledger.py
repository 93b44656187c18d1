"""What became of each action at a provider: remembered across crashes, so that nothing is sent twice.

Before a message is given to a provider its action is *claimed*; when the provider has it, it is *accepted*; when the
receipt is safe in Kafka, it is *told*. A sender that finds a claim of one that died does not know whether the provider
has the message: that one is in doubt, and is not sent again unless the provider itself repeats what it was given before
under the same key. The ledger holds action ids, no addresses.
"""

from __future__ import annotations

from collections.abc import Awaitable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.times import DAY, Millis

_KEPT: Final[Millis] = 90 * DAY


class SendingStep(StrEnum):
    """How far a message got."""

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    TOLD = "told"


class LedgerEntry(NamedTuple):
    """A line of the ledger."""

    step: SendingStep
    customer: str
    reference: str
    """What the provider calls it."""
    hops: int
    """Of the action: how many receipts led to it."""


class Ledger:
    """The ledger of one channel."""

    def __init__(self, client: Client, address: str, channel: str) -> None:
        self._client, self._address, self.channel = client, address, channel

    async def look(self, action_id: str) -> LedgerEntry | None:
        """What is known of an action; None where nothing was tried."""
        told = await self._ask(self._client.get(self._key(action_id)))
        if told is None:
            return None
        step, customer, reference, hops = (told.decode() if isinstance(told, bytes) else str(told)).split(" ")
        return LedgerEntry(SendingStep(step), customer, reference, int(hops))

    async def claim(self, action_id: str, customer: str, hops: int, *, again: bool) -> bool:
        """Claim an action that is to be given to the provider; False where another sender has it already.

        Args:
            again: whether one that a dead sender claimed may be given once more.
        """
        await self._belongs(action_id, customer)
        line = _line(SendingStep.CLAIMED, customer, "", hops)
        return bool(await self._ask(self._client.set(self._key(action_id), line, px=_KEPT, nx=not again)))

    async def write(self, action_id: str, step: SendingStep, customer: str, reference: str = "", hops: int = 0) -> None:
        """Note how far it got. It is safe when this returns, as far as the store's own promises go."""
        await self._belongs(action_id, customer)
        line = _line(step, customer, reference, hops)
        await self._ask(self._client.set(self._key(action_id), line, px=_KEPT))

    async def forget(self, action_id: str) -> None:
        """The claim was never used: the provider certainly has nothing."""
        await self._ask(self._client.delete(self._key(action_id)))

    async def sent_on(self, day: str) -> int:
        """Messages given to the provider on a day."""
        return int(await self._ask(self._client.get(self._day(day))) or 0)

    async def count(self, day: str) -> None:
        """Count one more."""
        await self._ask(self._client.incr(self._day(day)))
        await self._ask(self._client.pexpire(self._day(day), 3 * DAY))

    async def erase(self, customer: str) -> None:
        """Forget what was sent to a customer. It is not sent again: whom to reach is asked of the record."""
        for told in await self._ask(self._client.smembers(self._of(customer))):
            action_id = told.decode() if isinstance(told, bytes) else str(told)
            await self._ask(self._client.delete(self._key(action_id)))
        await self._ask(self._client.delete(self._of(customer)))

    async def holds(self, customer: str) -> bool:
        """Whether anything of a customer is kept."""
        return bool(await self._ask(self._client.exists(self._of(customer))))

    async def _belongs(self, action_id: str, customer: str) -> None:
        """Note whose it is, so that an erasure finds it."""
        await self._ask(self._client.sadd(self._of(customer), action_id))
        await self._ask(self._client.pexpire(self._of(customer), _KEPT))

    def _of(self, customer: str) -> str:
        return f"tend:sent:{self.channel}:of:{customer}"

    def _key(self, action_id: str) -> str:
        return f"tend:sent:{self.channel}:{action_id}"

    def _day(self, day: str) -> str:
        return f"tend:sent:{self.channel}:on:{day}"

    async def _ask(self, answer: Awaitable[Any] | Any) -> Any:
        with translate_errors(self._address):
            return await answer


def _line(step: SendingStep, customer: str, reference: str, hops: int) -> str:
    return f"{step.value} {customer} {reference.replace(' ', '')} {hops}"
