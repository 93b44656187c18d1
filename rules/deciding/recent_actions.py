"""Actions given out lately: what caps, cooldowns and groups count, and what receipts refer to.

An entry *counts* while a cap or a group looks at it; only entries that count no more make room. Those that nothing
counts are kept for their receipts, for a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rules.rulebook import Rulebook
from schemas.given_out import MAX_SENT, Sent
from schemas.times import DAY, Millis

RECEIPTS: Final[Millis] = 30 * DAY
"""How long after an action its receipts are waited for; most come within hours."""


def counts(rulebook: Rulebook, channel: str, purpose: str, rule: int) -> bool:
    """Whether any cap or group looks at such an action."""
    return _window(rulebook, channel, purpose, rule) > 0


def free_at(rulebook: Rulebook, sent: Sequence[Sent], now: Millis) -> Millis:
    """The first moment from ``now`` on at which there is room for one more."""
    if len(sent) < MAX_SENT:
        return now
    return max(now, min(_counts_until(rulebook, one) for one in sent))


def entered(rulebook: Rulebook, sent: list[Sent], new: Sent) -> list[Sent]:
    """With one more. One that nothing counts is left out where there is no room: its receipts are unknown then."""
    kept = [old for old in sent if new.at < max(old.at + RECEIPTS, _counts_until(rulebook, old))]
    if len(kept) >= MAX_SENT:
        goes = next((old for old in kept if _counts_until(rulebook, old) <= new.at), None)
        if goes is None:
            return sent
        kept = [old for old in kept if old is not goes]
    return [*kept, new]


def joined(rulebook: Rulebook, sent: Iterable[Sent], now: Millis) -> list[Sent]:
    """Those of two lists, in the order of their time; where there is no room, without some that nothing counts."""
    kept = sorted(sent, key=lambda one: (one.at, one.id))
    while len(kept) > MAX_SENT:
        kept.remove(next((one for one in kept if _counts_until(rulebook, one) <= now), kept[0]))
    return kept


def _counts_until(rulebook: Rulebook, sent: Sent) -> Millis:
    return sent.at + _window(rulebook, sent.channel, sent.purpose, sent.rule)


def _window(rulebook: Rulebook, channel: str, purpose: str, rule: int) -> Millis:
    defaults, known = rulebook.defaults, rulebook.rule_of(rule)
    windows = [cap.window for cap in defaults.caps if cap.counts(channel, purpose)]
    if known and known.terms.group:
        windows += [group.window for group in defaults.groups if group.name == known.terms.group]
    return max(windows, default=0)
