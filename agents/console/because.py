"""Why a rule did what it did, in the reader's language where the reason is that of a shipped rule.

A decision keeps its rule's reason as the rulebook words it, which is in one language. Where that is word for word what
the shipped rule says, readers get it in theirs; what a store has written itself stands as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Final

from agents.console.words import Words, catalogue
from schemas.times import to_millis
from streams.churn.explanations import CAUSES

_CAUSE_OF: Final = {told: code for code, (told, _) in CAUSES.items()}


def because(rule: str, reason: str, words: Words) -> str:
    """A rule's reason for the reader of these words."""
    key = f"because.{rule}"
    told = _pattern(key).fullmatch(reason) if words.has(key) else None
    if told is None:
        return reason
    return words(
        key, None, **{slot: _SLOTS.get(slot, _as_it_is)(value, words) for slot, value in told.groupdict().items()}
    )


@cache
def _pattern(key: str) -> re.Pattern[str]:
    """What the shipped rule says, with a group for each slot."""
    parts = re.split(r"\{(\w+)\}", str(catalogue("en")[key]))
    return re.compile("".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))


def _as_it_is(value: str, words: Words) -> str:
    return value


def _of_family(family: str) -> Callable[[str, Words], str]:
    return lambda value, words: words.named(family, value)


def _day(value: str, words: Words) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return words.short_day(to_millis(datetime(day.year, day.month, day.day, tzinfo=words.zone)))


def _share(value: str, words: Words) -> str:
    number = re.match(r"\d+", value)
    return words.percent(int(number[0]) / 100) if number else value


def _number(value: str, words: Words) -> str:
    try:
        return words.number(float(value))
    except ValueError:
        return value


def _cause(value: str, words: Words) -> str:
    return words.named("causes", _CAUSE_OF[value]) if value in _CAUSE_OF else value


_SLOTS: Final[Mapping[str, Callable[[str, Words], str]]] = {
    "category": _of_family("categories"),
    "urgency": _of_family("urgencies"),
    "tier": _of_family("tiers"),
    "festival": _of_family("festivals"),
    "day": _day,
    "share": _share,
    "times": _number,
    "cause": _cause,
}
