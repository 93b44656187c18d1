"""What became of a mail, and how it is told: by bounces that come back, or by a provider's webhooks."""

from __future__ import annotations

from typing import Any, NamedTuple

from agents.senders.later_receipts import LaterReceipts
from schemas.times import Millis


class MailNews(NamedTuple):
    """One piece of news."""

    action_id: str
    kind: str
    """Of the receipt: ``delivered``, ``failed``, ``unsubscribed``."""
    reason: str = ""
    permanent: bool = False
    """Whether the address is of no use any more."""
    at: Millis = 0
    """When it was; 0 where that is not known."""


class MailDesk:
    """Tells news of mails that were sent, whichever way it comes."""

    def __init__(self, receipts: LaterReceipts) -> None:
        self._receipts = receipts

    async def tell(self, news: MailNews) -> bool:
        """Write the receipt; False where no such mail was sent.

        Raises:
            DependencyUnavailable: store or Kafka are away; tell the same again.
        """
        return await self._receipts.tell(news.action_id, news.kind, "bounce", news.at, **_fields(news))


def _fields(news: MailNews) -> dict[str, Any]:
    if news.kind == "failed":
        return {"reason": news.reason, "permanent": news.permanent}
    # Who calls a mail spam, or leaves at the provider, wants no more advertising.
    return {"channel": "email", "purpose": "marketing"} if news.kind == "unsubscribed" else {}
