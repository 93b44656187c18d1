"""Whether the topics are still those that the lanes' offsets speak of: one that was made anew has its own offsets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from agents.worker.same_broker import require_same_broker
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import BrokerIdentity
from schemas.topics import LANE_TOPICS

_EVERY_SECONDS = 2.0


class KnownTopics(Protocol):
    """What a lane asks before it begins, and before it keeps what it read."""

    async def look(self) -> None:
        """Ask the broker. Raises DependencyUnavailable where it does not answer, or does not show all topics."""
        ...

    def require_same(self) -> None:
        """Raises ConfigurationRefused once another broker, or another topic of the name, was found."""
        ...


class SameTopics:
    """Compares the ids of the topics with those that a worker began with.

    Args:
        began: the broker and its topics as they were when the worker began.
        ask: tells what they are now; it blocks.
    """

    def __init__(self, began: BrokerIdentity, ask: Callable[[], BrokerIdentity]) -> None:
        self._began, self._ask = began, ask
        self._refusal: ConfigurationRefused | None = None
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, connection: KafkaConnection, began: BrokerIdentity) -> SameTopics:
        """Asks the broker of this connection, by one client for all looks."""
        topics = Topics(connection)
        return cls(began, lambda: topics.identity(LANE_TOPICS))

    def require_same(self) -> None:
        """See ``KnownTopics.require_same``."""
        if self._refusal is not None:
            raise ConfigurationRefused(str(self._refusal))

    async def look(self) -> None:
        """See ``KnownTopics.look``. Lanes that ask in the same moment are answered together."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="same-topics")
        await asyncio.shield(self._looking)

    async def run(self) -> None:
        """Look again and again until cancelled; a broker that does not answer has no other topics."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            with contextlib.suppress(DependencyUnavailable):
                await self.look()

    async def _look(self) -> None:
        try:
            found = await asyncio.to_thread(self._ask)
        except ConfigurationRefused as missing:
            # A broker that has just started may not know all topics yet; one that was deleted may be made anew.
            raise DependencyUnavailable(str(missing)) from missing
        try:
            require_same_broker(self._began, found)
        except ConfigurationRefused as refusal:
            self._refusal = refusal
