"""Decisions as people read them: what, why, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.console.because import because
from agents.console.words import Words
from schemas.outcome import Decision, Verdict
from schemas.times import Millis

CHANNEL_ICON: Final = {"email": "mail", "sms": "sms", "push": "push", "call": "call", "desk": "ticket"}
_GLYPH: Final = {"acted": "acted", "held": "held", "not_sent": "supp", "failed": "fail"}


def outcome_of(decision: Decision) -> str:
    """``acted``, ``held`` or ``not_sent``."""
    if decision.verdict in (Verdict.EMITTED, Verdict.RELEASED):
        return "acted"
    return "held" if decision.verdict is Verdict.HELD else "not_sent"


def decided(sums: Mapping[str, int], outcome: str) -> int:
    """How many decisions of a day or minute came to this."""
    return sum(sums.get(f"decided.{outcome}.{sort}", 0) for sort in ("service", "marketing", "tasks"))


def glyph(outcome: str) -> str:
    """The mark of an outcome."""
    return _GLYPH[outcome]


def icon_of(decision: Decision) -> str:
    """The icon of a decision's channel; a coupon has its own."""
    return "gift" if decision.kind in ("coupon", "greeting") else CHANNEL_ICON.get(decision.channel, "ticket")


def reason_in_words(decision: Decision, words: Words, now: Millis) -> str:
    """Why it was held or not sent, and when it is decided again."""
    if decision.reason is None:
        return because(decision.rule, decision.detail, words)
    reason = words.named("reasons", decision.reason.value)
    if len(set(decision.channels.values())) > 1:
        reason = words("lists.comma").join(
            f"{words.named('channels', channel)}: {words.named('reasons', why.value)}"
            for channel, why in decision.channels.items()
        )
    if decision.until:
        return words("timeline.held_until", reason=reason, when=words.by_moment(decision.until, now))
    return reason


def message_title(rule: str, words: Words) -> str:
    """What a rule gives out, as a noun; of a store's own rules their name."""
    return words.named("messages" if words.has(f"messages.{rule}") else "rules", rule)


def feed_entry(decision: Decision, words: Words, now: Millis) -> dict[str, Any]:
    """One line of "just now"."""
    outcome = outcome_of(decision)
    return {
        "outcome": outcome,
        "glyph": glyph(outcome),
        "title": message_title(decision.rule, words),
        "customer": decision.customer,
        "icon": icon_of(decision),
        "note": reason_in_words(decision, words, now),
        "time": words.when(decision.acting, now),
    }
