"""Mails that came back, from a mailbox or a webhook, as receipts: each action's once, however often it is read."""

from __future__ import annotations

import mailbox
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

from agents.access import AccessKeys, Admitted
from agents.senders.bounces import Bounce, read_bounce
from agents.senders.ledger import Ledger
from agents.senders.receipts import About, receipt
from schemas.errors import ConfigurationRefused
from schemas.times import Millis

_MBOX: Final = b"From "


class BounceIntake:
    """Tells what became of mails that were sent.

    Args:
        ledger: of the mail sender, which knows whose each action was.
        write: returns when the receipt is safe.
        now: for bounces that name no date.
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

    async def take(self, raw: bytes) -> Bounce | None:
        """One mail; the bounce that it is, or None where it is none of ours.

        Raises:
            DependencyUnavailable: store or Kafka are away; take the same again.
        """
        bounce = read_bounce(raw)
        sent = await self._ledger.look(bounce.action_id) if bounce else None
        if bounce is None or sent is None:
            return None
        # A clock of another machine that is ahead says nothing about the future.
        at = min(bounce.at or self._now(), self._now())
        await self._write(
            receipt(
                About(bounce.action_id, sent.customer, "email", sent.hops),
                "failed",
                at,
                keys=self._keys,
                partitions=self._partitions,
                about="bounce",
                reason=bounce.reason,
                permanent=bounce.permanent,
            )
        )
        return bounce


def mails_in(path: Path) -> Iterator[bytes]:
    """The mails in a file (one mail, or an mbox) or a folder (a Maildir, or of files with one mail each).

    Raises:
        ConfigurationRefused: there is no such file.
    """
    if path.is_dir():
        if (path / "cur").is_dir():
            maildir = mailbox.Maildir(path, create=False)
            yield from map(maildir.get_bytes, maildir.iterkeys())
        else:
            for one in sorted(path.glob("*.eml")):
                yield one.read_bytes()
    elif not path.is_file():
        raise ConfigurationRefused(f"{path}: no such file or folder; expected a mail, an mbox, or a Maildir")
    elif path.read_bytes()[: len(_MBOX)] == _MBOX:
        box = mailbox.mbox(path, create=False)
        yield from map(box.get_bytes, box.iterkeys())
        box.close()
    else:
        yield path.read_bytes()
