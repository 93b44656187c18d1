"""Bounces: what a delivery status notification (RFC 3464) says about an action, and whether the address is dead.

The class 5 says that this attempt is over, not that the address is of no use: a full mailbox, a message too large and a
refusal as spam pass. Only an unknown user or domain is permanent, by its status or, where that says nothing, its words.
An automatic answer (an absence note) is no bounce, although some servers mark their bounces as automatic answers too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

_OURS: Final = re.compile(r"<([0-9a-f]{32})@[^<>\s]+>")
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DEAD: Final = {"5.1.1": "user_unknown", "5.1.2": "domain_unknown", "5.1.10": "user_unknown", "5.4.4": "domain_unknown"}
_PASSING: Final = {"5.2.2": "mailbox_full", "5.2.3": "too_large", "5.3.4": "too_large", "5.7.1": "refused_as_spam"}
_WORDS: Final = (
    (re.compile(r"mailbox (is )?full|over ?quota|quota exceeded", re.I), "mailbox_full", False),
    (re.compile(r"spam|blocked|blacklist|blocklist|policy|reputation", re.I), "refused_as_spam", False),
    (re.compile(r"too (big|large)|size (limit|exceed)", re.I), "too_large", False),
    (re.compile(r"(host|domain)[^.\n]*(not found|does ?n.t exist|unknown)|NXDOMAIN", re.I), "domain_unknown", True),
    (re.compile(r"user[^.\n]*unknown|unknown user|no such (user|mailbox)|does ?n.t exist|invalid recipient", re.I),
     "user_unknown", True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounce:
    """One mail that did not arrive."""

    action_id: str
    permanent: bool
    """Whether the address is of no use any more."""
    reason: str
    """With the status where there is one: ``user_unknown 5.1.1``."""


def read_bounce(raw: bytes) -> Bounce | None:
    """The bounce in a mail; None where it is none, or none of ours."""
    told = message_from_bytes(raw, policy=policy.default)
    report = next((part for part in told.walk() if part.get_content_type() == "message/delivery-status"), None)
    action_id = _action_of(raw)
    if report is None or action_id is None:
        return None
    fields = _fields(report)
    if fields.get("action", "failed").lower() not in ("failed", ""):
        return None
    permanent, reason = _meaning(fields.get("status", ""), fields.get("diagnostic-code", ""))
    return Bounce(action_id, permanent, reason)


def _action_of(raw: bytes) -> str | None:
    """The action whose mail came back: its Message-ID stands in what was returned of it."""
    text = raw.decode("utf-8", "replace")
    behind = text.lower().rfind("message-id:")
    found = _OURS.search(text, behind) if behind >= 0 else None
    found = found or _OURS.search(text)
    return found[1] if found else None


def _fields(report: EmailMessage) -> dict[str, str]:
    """The fields of the recipient, names in lower case; later groups go before earlier ones."""
    fields: dict[str, str] = {}
    for group in report.iter_parts() if report.is_multipart() else ():
        fields |= {name.lower(): str(value) for name, value in group.items()}
    return fields


def _meaning(status: str, diagnostic: str) -> tuple[bool, str]:
    found = _STATUS.search(diagnostic) or _STATUS.search(status)
    code = found[1] if found else ""
    for table, permanent in ((_DEAD, True), (_PASSING, False)):
        if code in table:
            return permanent, f"{table[code]} {code}"
    for words, reason, permanent in _WORDS:
        if words.search(diagnostic):
            return permanent and not code.startswith("4"), f"{reason} {code}".strip()
    return False, f"unspecified {code}".strip()
