"""Who follows a link: a person in a browser, or a machine that looks at every link of a mail.

Mail filters fetch links within seconds, under the names of browsers. Taken for a person is only who comes as browsers
do when somebody follows a link (``Sec-Fetch-Mode: navigate``, which fetching programs do not send), some time after the
message went out, and does not call itself a robot. The others are counted apart; for them nothing is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from schemas.times import SECOND, Millis

_TOO_SOON: Final[Millis] = 10 * SECOND
"""Filters look at once; who reads a mail needs longer than this to find and follow a link."""
_ROBOTS: Final = re.compile(
    r"bot\b|crawl|spider|scan|preview|fetch|monitor|python|curl|wget|java/|go-http|okhttp|headless|safelinks|proofpoint"
    r"|mimecast|barracuda|phish|facebookexternalhit|slurp",
    re.I,
)
_PREFETCHED: Final = "Mozilla/5.0"
"""All that Apple's mail programs say of themselves when they load pictures for everybody, read or not."""


class Visitor(StrEnum):
    """Who it was."""

    PERSON = "person"
    MACHINE = "machine"


def who_follows(method: str, headers: Mapping[str, str], sent: Millis, now: Millis) -> Visitor:
    """Who follows a link.

    Args:
        sent: when the message went out; 0 where that is not known.
    """
    purpose = headers.get("purpose", "") + headers.get("sec-purpose", "") + headers.get("x-moz", "")
    navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document") == "document"
    person = (
        method == "GET"
        and navigates
        and "prefetch" not in purpose
        and now - sent >= _TOO_SOON
        and not _ROBOTS.search(headers.get("user-agent") or "robot")
    )
    return Visitor.PERSON if person else Visitor.MACHINE


def who_opens(headers: Mapping[str, str], sent: Millis, now: Millis) -> Visitor:
    """Who loads the picture of a message: a mail program for somebody, or a machine for everybody."""
    agent = headers.get("user-agent", "")
    machine = now - sent < _TOO_SOON or agent in ("", _PREFETCHED) or bool(_ROBOTS.search(agent))
    return Visitor.MACHINE if machine else Visitor.PERSON
