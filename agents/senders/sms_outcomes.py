"""What became of an SMS that Twilio took, as receipts: each outcome once, however often it is told."""

from __future__ import annotations

from typing import Any, Final

from agents.senders.later_receipts import LaterReceipts
from agents.senders.twilio import DEAD_NUMBERS, OPTED_OUT

_ARRIVED: Final = ("delivered", "read")
_FAILED: Final = ("failed", "undelivered")


class SmsOutcomes:
    """Tells tend what became of an SMS."""

    def __init__(self, receipts: LaterReceipts) -> None:
        self._receipts = receipts

    async def take(self, action_id: str, status: str, code: int) -> str:
        """One status of an action's message; why there is nothing to tell, or nothing.

        Raises:
            DependencyUnavailable: store or Kafka are away; take the same again.
        """
        if status in _ARRIVED:
            known = await self._receipts.tell(action_id, "delivered", "outcome")
        elif status in _FAILED:
            why: dict[str, Any] = {"reason": _reason(code), "permanent": code in DEAD_NUMBERS}
            known = await self._receipts.tell(action_id, "failed", "outcome", **why)
        else:
            return "on its way"
        return "" if known else "no message of ours"


def _reason(code: int) -> str:
    if code == OPTED_OUT:
        return "opted_out"
    return f"twilio_{code}" if code else "unspecified"
