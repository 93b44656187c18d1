"""What became of a mail, and how it is told: by bounces that come back, or by a provider's webhooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from agents.access import AccessKeys, Admitted
from agents.senders.ledger import Ledger
from agents.senders.receipts import About, receipt
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
    """Tells news of mails that were sent: each action's once, however often and whichever way it comes.

    Args:
        ledger: of the mail sender, which knows whose each action was.
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
        self._ledger, self._write, self._keys = ledger, write, keys
        self._partitions, self._now = partitions, now

    async def tell(self, news: MailNews) -> bool:
        """Write the receipt; False where no such mail was sent.

        Raises:
            DependencyUnavailable: store or Kafka are away; tell the same again.
        """
        sent = await self._ledger.look(news.action_id)
        if sent is None:
            return False
        now = self._now()
        # A clock of another machine that is ahead says nothing about the future.
        at = news.at if 0 < news.at < now else now
        about = About(news.action_id, sent.customer, "email", sent.hops)
        told = receipt(
            about, news.kind, at, keys=self._keys, partitions=self._partitions, about="bounce", **_fields(news)
        )
        await self._write(told)
        return True


def _fields(news: MailNews) -> dict[str, Any]:
    if news.kind == "failed":
        return {"reason": news.reason, "permanent": news.permanent}
    # Who calls a mail spam, or leaves at the provider, wants no more advertising.
    return {"channel": "email", "purpose": "marketing"} if news.kind == "unsubscribed" else {}
