"""Mails that came back, from a mailbox or a webhook, as news of what was sent."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.senders.bounces import SPAM_REPORT, Bounce, read_bounce
from agents.senders.mail_news import MailDesk, MailNews
from schemas.errors import ConfigurationRefused

_MBOX: Final = b"From "


async def take_back(desk: MailDesk, raw: bytes) -> Bounce | None:
    """One mail; the bounce that it is, or None where it is none of ours.

    Raises:
        DependencyUnavailable: store or Kafka are away; take the same again.
    """
    bounce = read_bounce(raw)
    return bounce if bounce is not None and await desk.tell(_news_of(bounce)) else None


def _news_of(bounce: Bounce) -> MailNews:
    if bounce.reason == SPAM_REPORT:
        return MailNews(bounce.action_id, "unsubscribed", at=bounce.at)
    return MailNews(bounce.action_id, "failed", bounce.reason, bounce.permanent, bounce.at)


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
