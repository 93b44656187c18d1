"""What senders and tills told of actions, as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from agents.console.words import Words
from agents.rollups.answers import together
from rules.schema import MessageChannel

COLUMNS: Final = ("sent", "accepted", "delivered", "opened", "clicked", "bounced", "refused")
_STEPS: Final = ("delivered", "opened", "clicked", "redeemed")
_CARRIED: Final = get_args(MessageChannel)
"""Channels whose senders tell how far a message got."""
_MACHINES: Final = ("opened_by_machine", "clicked_by_machine")


def channel_table(channels: Mapping[str, Mapping[str, int]], words: Words) -> dict[str, Any] | None:
    """What was told by channel; None where nobody has told anything."""
    if not any(what != "sent" for told in channels.values() for what in told):
        return None
    rows = [
        (words.named("channels", channel), [_told(channel, told, what, words) for what in COLUMNS])
        for channel, told in sorted(channels.items(), key=lambda one: -one[1].get("sent", 0))
    ]
    all_told = together(channels)
    opened, clicked = (all_told.get(what, 0) for what in _MACHINES)
    return {
        "columns": [words(f"answers.{what}") for what in COLUMNS],
        "rows": rows,
        "machines": words("answers.machines", opened=opened, clicked=clicked) if opened or clicked else "",
    }


def _told(channel: str, told: Mapping[str, int], what: str, words: Words) -> str:
    """How many; where no sender carries it there is nobody to tell of the way."""
    if channel not in _CARRIED and what != "sent":
        return "–"
    return words.number(told.get(what, 0))


def steps_taken(told: Mapping[str, int], words: Words) -> list[tuple[int, str]]:
    """How far the actions of a rule got: how many, and the words."""
    return [(told[what], words(f"answers.{what}")) for what in _STEPS if told.get(what)]


def came_of_it(told: Mapping[str, int], words: Words) -> str:
    """What came of a rule, in few words: what customers did, or else how far its messages got."""
    if told.get("redeemed"):
        return words("answers.n_redeemed", n=told["redeemed"])
    if told.get("reached") or told.get("not_reached"):
        return words("answers.n_reached", n=told.get("reached", 0))
    if told.get("opened") and told.get("delivered"):
        return words("answers.share_opened", share=words.percent(min(told["opened"] / told["delivered"], 1.0)))
    for what in ("clicked", "opened", "delivered", "accepted"):
        if told.get(what):
            return words(f"answers.n_{what}", n=told[what])
    return "–"
