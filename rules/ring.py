"""The ring of actions given out lately: what caps, cooldowns and groups count, and what receipts refer to.

An entry *counts* while a cap or a group looks at it; only entries that count no more make room. Those that nothing
counts are kept for their receipts, for a while.
"""

from __future__ import annotations

from typing import Final

from rules.rulebook import Rulebook
from schemas.record import MAX_SENT, CustomerRecord, Sent
from schemas.times import DAY, Millis

RECEIPTS: Final[Millis] = 30 * DAY
"""How long after an action its receipts are waited for; most come within hours."""


def counts(rulebook: Rulebook, channel: str, purpose: str, rule: int) -> bool:
    """Whether any cap or group looks at such an action."""
    return _window(rulebook, channel, purpose, rule) > 0


def free_at(rulebook: Rulebook, record: CustomerRecord, now: Millis) -> Millis:
    """The first moment from ``now`` on at which the ring has room."""
    if len(record.sent) < MAX_SENT:
        return now
    return max(now, min(_counts_until(rulebook, sent) for sent in record.sent))


def enter(rulebook: Rulebook, record: CustomerRecord, sent: Sent) -> None:
    """Remember an action. One that nothing counts is left out where there is no room: its receipts are unknown then."""
    ring = [old for old in record.sent if sent.at < max(old.at + RECEIPTS, _counts_until(rulebook, old))]
    if len(ring) >= MAX_SENT:
        goes = next((old for old in ring if _counts_until(rulebook, old) <= sent.at), None)
        if goes is None:
            return
        ring = [old for old in ring if old is not goes]
    record.sent = [*ring, sent]


def _counts_until(rulebook: Rulebook, sent: Sent) -> Millis:
    return sent.at + _window(rulebook, sent.channel, sent.purpose, sent.rule)


def _window(rulebook: Rulebook, channel: str, purpose: str, rule: int) -> Millis:
    defaults, known = rulebook.defaults, rulebook.rule_of(rule)
    windows = [cap.window for cap in defaults.caps if cap.counts(channel, purpose)]
    if known and known.terms.group:
        windows += [group.window for group in defaults.groups if group.name == known.terms.group]
    return max(windows, default=0)
