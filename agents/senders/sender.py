"""A sender: takes actions from their topics, gives each to a provider at most once, and tells what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from agents.access import AccessKeys, Admitted
from agents.clock import wall_clock
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.numbers import Numbers
from agents.senders.pace import PATIENCE, Breaker, Rate, persistently
from agents.senders.provider import Doubtful, OptedOut, Outgoing, Permanent, Provider, Temporary
from agents.senders.receipts import receipt
from agents.senders.replies import SMS_PURPOSES
from agents.senders.resolver import Later, Resolver, Suppressed
from agents.senders.waiting import Waiting
from schemas.actions import AnyAction, decode_action
from schemas.times import Millis

_LOG: Final = logging.getLogger(__name__)
_PUT_OFF_SECONDS: Final = 60.0
Sleep = Callable[[float], Awaitable[None]]


class _Writes(Protocol):
    async def send(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int: ...


class _LeftAlone(Temporary):
    """The provider was not even asked: it wanted a pause, or has failed too often."""


class _WithAnother(Exception):
    """Another sender has this action in hand: it took over while this one was away, and tells what became of it."""


@dataclass(frozen=True, slots=True)
class SenderParts:
    """What a sender stands on."""

    channel: str
    provider: Provider
    resolver: Resolver
    ledger: Ledger
    waiting: Waiting
    receipts: _Writes
    keys: AccessKeys
    partitions: int
    rate: Rate
    daily_limit: Callable[[], int | None] = lambda: None
    """Messages allowed today; None for any number."""
    numbers: Numbers | None = None
    """Where it is noted who was written to at a number, for channels that can be answered."""
    now: Callable[[], Millis] = wall_clock
    sleep: Sleep = asyncio.sleep


class Sender:
    """One channel's sender."""

    def __init__(self, parts: SenderParts) -> None:
        self._parts = parts
        self._breaker = Breaker()

    async def take(self, bodies: Iterable[bytes]) -> None:
        """Handle actions as they stand on their topics; when this returns, each is sent, refused, or put off safely.

        Raises:
            DependencyUnavailable: store or Kafka are away; nothing was acknowledged, take the same again.
        """
        for body in bodies:
            action = decode_action(body)
            if action.channel == self._parts.channel:
                await self._handle(action, body)
        await self.catch_up()

    async def catch_up(self) -> None:
        """Send what was put off until now."""
        now = self._parts.now()
        for body in await self._parts.waiting.due(now):
            await self._handle(decode_action(body), body)
            await self._parts.waiting.done(body, now)

    async def _handle(self, action: AnyAction, body: bytes) -> None:
        known = await self._parts.ledger.look(action.action_id)
        if known is not None and known.step is SendingStep.TOLD:
            return
        if known is not None and known.step is SendingStep.ACCEPTED:
            await self._tell(action, "accepted")
            return
        if known is not None and not self._parts.provider.repeats:
            await self._tell(action, "failed", reason="in_doubt")
            return
        found = await self._parts.resolver.resolve(action, self._parts.now())
        if isinstance(found, Later):
            await self._parts.waiting.put(body, found.at)
        elif isinstance(found, Suppressed):
            await self._tell(action, "failed", reason=found.reason)
        elif not await self._has_room():
            await self._parts.waiting.put(body, _tomorrow(self._parts.now()))
        else:
            await self._give(found, body)

    async def _give(self, message: Outgoing, body: bytes) -> None:
        parts, action = self._parts, message.action
        try:
            reference = await persistently(lambda: self._attempt(message), parts.sleep)
        except Temporary as failure:
            _LOG.warning("put off %s: %s", action.action_id, failure.reason)
            if not failure.of_recipient and not isinstance(failure, _LeftAlone):
                self._breaker.rest(parts.now() / 1_000)
            await parts.waiting.put(body, parts.now() + int(max(_PUT_OFF_SECONDS, failure.retry_after or 0.0) * 1_000))
        except _WithAnother:
            await parts.waiting.put(body, parts.now() + int(_PUT_OFF_SECONDS * 1_000))
        except OptedOut as refusal:
            await self._withdraw(message)
            await self._tell(action, "failed", reason=refusal.reason)
        except Permanent as failure:
            await self._tell(action, "failed", reason=failure.reason, permanent=failure.dead)
        except Doubtful:
            await self._tell(action, "failed", reason="in_doubt")
        else:
            await parts.ledger.write(action.action_id, SendingStep.ACCEPTED, action.customer, reference, action.hops)
            await parts.ledger.count(_today(parts.now()))
            await self._tell(action, "accepted")

    async def _attempt(self, message: Outgoing) -> str:
        """Give it to the provider once, at its pace; the claim stands exactly while nobody knows what it did."""
        parts, action = self._parts, message.action
        action_id, clock = action.action_id, parts.now() / 1_000
        if (rest := self._breaker.wait(clock)) > PATIENCE:
            raise _LeftAlone("the provider is left alone", rest)
        if pause := max(rest, parts.rate.wait(clock)):
            await parts.sleep(pause)
        if not await parts.ledger.claim(action_id, action.customer, action.hops, again=parts.provider.repeats):
            raise _WithAnother
        if parts.numbers is not None:
            number = parts.keys.index_key("phone", message.address)
            await parts.numbers.note(number, action.customer, action_id, action.hops)
        try:
            reference = await parts.provider.send(message)
        except Temporary as failure:
            await parts.ledger.forget(action_id)
            if failure.of_recipient:
                raise
            self._breaker.refused(parts.now() / 1_000, failure.retry_after)
            raise
        self._breaker.taken()
        return reference

    async def _withdraw(self, message: Outgoing) -> None:
        """The customer said at the provider what they did not say here: nothing more on this channel."""
        parts, action = self._parts, message.action
        for purpose in SMS_PURPOSES:
            told = receipt(
                action, "unsubscribed", parts.now(), keys=parts.keys, partitions=parts.partitions, about=purpose,
                channel=action.channel, purpose=purpose,
            )  # fmt: skip
            await parts.receipts.send(told.topic, told.partition, told.key, told.body)
        if parts.numbers is not None:
            number = parts.keys.index_key("phone", message.address)
            await parts.numbers.take(number, action.customer, {"service", action.purpose})

    async def _has_room(self) -> bool:
        limit = self._parts.daily_limit()
        return limit is None or await self._parts.ledger.sent_on(_today(self._parts.now())) < limit

    async def _tell(self, action: AnyAction, kind: str, **fields: Any) -> None:
        """Write the receipt, wait until it is safe, and note that it is."""
        parts = self._parts
        told: Admitted = receipt(action, kind, parts.now(), keys=parts.keys, partitions=parts.partitions, **fields)
        await parts.receipts.send(told.topic, told.partition, told.key, told.body)
        await parts.ledger.write(action.action_id, SendingStep.TOLD, action.customer, hops=action.hops)


def _today(now: Millis) -> str:
    return datetime.fromtimestamp(now / 1_000, UTC).date().isoformat()


def _tomorrow(now: Millis) -> Millis:
    day = 86_400_000
    return (now // day + 1) * day
