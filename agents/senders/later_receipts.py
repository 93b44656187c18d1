"""Receipts of what became of messages after they were sent: each piece of news once, however often it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from agents.access import AccessKeys, Admitted
from agents.senders.ledger import Ledger
from agents.senders.receipts import About, receipt
from schemas.times import Millis


class LaterReceipts:
    """Writes receipts of one channel's messages by the action alone.

    Args:
        ledger: of the channel's sender, which knows whose each action was.
        write: returns when the receipt is safe.
        now: for news that names no date.
    """

    def __init__(
        self,
        ledger: Ledger,
        write: Callable[[Admitted], Awaitable[object]],
        keys: AccessKeys,
        partitions: int,
        now: Callable[[], Millis],
    ) -> None:
        self._ledger, self._write = ledger, write
        self._keys, self._partitions, self._now = keys, partitions, now

    async def tell(self, action_id: str, kind: str, about: str, at: Millis = 0, **fields: Any) -> bool:
        """Write the receipt; False where no such message was sent.

        Args:
            kind: ``delivered``, ``failed``, ``unsubscribed``.
            about: what tells it from another receipt of this kind for this action.
            at: when it was; 0 where that is not known.

        Raises:
            DependencyUnavailable: store or Kafka are away; tell the same again.
        """
        sent = await self._ledger.look(action_id)
        if sent is None:
            return False
        now = self._now()
        # A clock of another machine that is ahead says nothing about the future.
        when = at if 0 < at < now else now
        action = About(action_id, sent.customer, self._ledger.channel, sent.hops)
        told = receipt(action, kind, when, keys=self._keys, partitions=self._partitions, about=about, **fields)
        await self._write(told)
        return True
