"""Bounces: what a mail that came back says about an action, and whether the address is dead.

Most are delivery status notifications (RFC 3464); some servers write in words alone. The class 5 says that this attempt
is over, not that the address is of no use: a full mailbox, a message too large and a refusal as spam pass. Only an
unknown user or domain is permanent, by its status or, where that says nothing, its words. An automatic answer (an
absence note, a confirmation of reading) is no bounce, although some servers mark their bounces as automatic, too.
A report that somebody called a mail spam comes the same way.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parsedate_to_datetime
from typing import Final

from schemas.times import Millis, to_millis

log = logging.getLogger(__name__)

_OURS: Final = re.compile(r"<(?:tend\.)?([0-9a-f]{32})@[^<>\s]+>")
_RETURNED: Final = re.compile(r"\+([0-9a-f]{32})@")
"""In the address that it came back to."""
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY: Final = re.compile(r"\b([45]\d\d)[ :-]")
_DEAD: Final = {
    "5.1.1": "user_unknown", "5.1.2": "domain_unknown", "5.1.3": "address_invalid", "5.1.6": "user_unknown",
    "5.1.10": "user_unknown", "5.2.1": "mailbox_closed", "5.4.4": "domain_unknown",
}  # fmt: skip
_PASSING: Final = {"5.2.2": "mailbox_full", "5.2.3": "too_large", "5.3.4": "too_large", "5.7.1": "refused_as_spam"}
_TOO_MANY: Final = re.compile(r"receiving mail at a rate|too many (messages|emails|recipients)", re.I)
"""Gmail says so under the status of a mailbox that was closed."""
_WORDS: Final = (
    (re.compile(r"mailbox (is )?full|over ?quota|quota exceeded", re.I), "mailbox_full", False),
    (re.compile(r"spam|blocked|banned|blacklist|blocklist|policy|reputation|unauthenticated", re.I),
     "refused_as_spam", False),
    (re.compile(r"too (big|large)|size (limit|exceed)", re.I), "too_large", False),
    (re.compile(r"(host|domain)[^.\n]*(not found|does(n.t| not) exist|unknown)|NXDOMAIN", re.I),
     "domain_unknown", True),
    (re.compile(r"(mailbox|account)[^.\n]* (is|was|has been) (disabled|closed|deactivated)", re.I),
     "mailbox_closed", True),
    (re.compile(r"user[^.\n]*unknown|unknown user|no such (user|mailbox)|does(n.t| not) exist|invalid recipient|"
                r"recipient address rejected: access denied|mailbox unavailable \(S\d+\)", re.I), "user_unknown", True),
)  # fmt: skip
SPAM_REPORT: Final = "spam_report"
"""A reason that is no failure: the mail arrived, and its reader wants no more of the kind."""
_DAEMONS: Final = re.compile(r"^(mailer-daemon|postmaster)@", re.I)
_MOST_WORDS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """One mail that did not arrive."""

    action_id: str
    permanent: bool
    """Whether the address is of no use any more."""
    reason: str
    """With the status where there is one: ``user_unknown 5.1.1``."""
    at: Millis = 0
    """When it came back; 0 where it does not say."""


def read_bounce(raw: bytes) -> Bounce | None:
    """The bounce in a mail; None where it is none, none of ours, or cannot be read."""
    try:
        return _read(raw)
    except Exception as error:  # noqa: BLE001 - Python's parser raises whatever a mail brings about
        log.warning("a mail that came back cannot be read (%s); it is left out", type(error).__name__)
        return None


def _read(raw: bytes) -> Bounce | None:
    told = message_from_bytes(raw, policy=policy.default)
    action_id = _action_of(raw, told)
    if action_id is not None and _is_spam_report(told):
        return Bounce(action_id, False, SPAM_REPORT, _time(told))
    status = _status(told)
    if action_id is None or status is None:
        return None
    permanent, reason = meaning(*status)
    return Bounce(action_id, permanent, reason, _time(told))


def _is_spam_report(told: EmailMessage) -> bool:
    """Whether somebody called a mail of ours spam, as their provider reports it (RFC 5965)."""
    for part in told.walk():
        if part.get_content_type() == "message/feedback-report" and part.is_multipart():
            kinds = [one.get("Feedback-Type", "") for one in part.iter_parts()]
            return any(str(kind).strip().lower() == "abuse" for kind in kinds)
    return False


def _status(told: EmailMessage) -> tuple[str, str] | None:
    """Status and diagnostic of what did not arrive; None where the mail says no such thing."""
    report = next((part for part in told.walk() if part.get_content_type() == "message/delivery-status"), None)
    if report is None:
        return _in_words(told)
    fields = _fields(report)
    if fields.get("action", "failed").lower() not in ("failed", ""):
        return None
    return fields.get("status", ""), fields.get("diagnostic-code", "") or fields.get("x-supplementary-info", "")


def _in_words(told: EmailMessage) -> tuple[str, str] | None:
    """What a server without reports says: a daemon writes to nobody's address, and quotes a refusal."""
    sender = told.get("From")
    addresses = [one.addr_spec for one in sender.addresses] if sender is not None else []
    daemon = any(map(_DAEMONS.match, addresses)) or told.get("X-Failed-Recipients") is not None
    body = told.get_body(("plain",))
    if not daemon or body is None or told.get_content_type() == "multipart/report":
        return None
    words = _text(body)[:_MOST_WORDS]
    return ("", words) if _STATUS.search(words) or _REPLY.search(words) else None


def _text(body: MIMEPart) -> str:
    try:
        return str(body.get_content())
    except LookupError:  # of a charset that nobody knows: what it says of the refusal is ASCII
        return bytes(body.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _action_of(raw: bytes, told: EmailMessage) -> str | None:
    """The action whose mail came back: by the address it came to, or the Message-ID in what was returned of it."""
    for header in ("Delivered-To", "X-Original-To", "To"):
        if returned := _RETURNED.search(str(told.get(header, ""))):
            return returned[1]
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


def meaning(status: str, diagnostic: str) -> tuple[bool, str]:
    """Whether an address is dead by what its server said, and the reason in a word, with its status where there is one.

    Args:
        status: an enhanced one (RFC 3463), or nothing.
        diagnostic: the server's answer.
    """
    found = _STATUS.search(diagnostic) or _STATUS.search(status)
    code = found[1] if found else ""
    if _TOO_MANY.search(diagnostic):
        return False, f"too_many {code}".strip()
    for table, permanent in ((_DEAD, True), (_PASSING, False)):
        if code in table:
            return permanent, f"{table[code]} {code}"
    reply = _REPLY.search(diagnostic)
    passing = code.startswith("4") or (not code and reply is not None and reply[1].startswith("4"))
    for words, reason, permanent in _WORDS:
        if words.search(diagnostic):
            return permanent and not passing, f"{reason} {code}".strip()
    return False, f"unspecified {code}".strip()


def _time(told: EmailMessage) -> Millis:
    try:
        at = parsedate_to_datetime(str(told.get("Date", "")))
    except ValueError:
        return 0
    return to_millis(at) if at.tzinfo else 0
