"""What became of an SMS that Twilio took, as receipts: each outcome once, however often it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from agents.access import AccessKeys, Admitted
from agents.senders.ledger import Ledger
from agents.senders.receipts import About, receipt
from agents.senders.twilio import DEAD_NUMBERS, OPTED_OUT
from schemas.times import Millis

_ARRIVED: Final = ("delivered", "read")
_FAILED: Final = ("failed", "undelivered")


class SmsOutcomes:
    """Tells tend what became of an SMS.

    Args:
        write: returns when the receipt is safe.
    """

    def __init__(
        self,
        ledger: Ledger,
        write: Callable[[Admitted], Awaitable[object]],
        keys: AccessKeys,
        partitions: int,
        now: Callable[[], Millis],
    ) -> None:
        self._ledger, self._write, self._keys = ledger, write, keys
        self._partitions, self._now = partitions, now

    async def take(self, action_id: str, status: str, code: int) -> str:
        """One status of an action's message; why there is nothing to tell, or nothing.

        Raises:
            DependencyUnavailable: store or Kafka are away; take the same again.
        """
        if status not in (*_ARRIVED, *_FAILED):
            return "on its way"
        sent = await self._ledger.look(action_id)
        if sent is None:
            return "no message of ours"
        about = About(action_id, sent.customer, "sms", sent.hops)
        if status in _ARRIVED:
            told = self._receipt(about, "delivered")
        else:
            told = self._receipt(about, "failed", reason=_reason(code), permanent=code in DEAD_NUMBERS)
        await self._write(told)
        return ""

    def _receipt(self, about: About, kind: str, **fields: Any) -> Admitted:
        return receipt(
            about, kind, self._now(), keys=self._keys, partitions=self._partitions, about="outcome", **fields
        )


def _reason(code: int) -> str:
    if code == OPTED_OUT:
        return "opted_out"
    return f"twilio_{code}" if code else "unspecified"
