"""What senders and tills told of actions, counted by rule and channel: each action once for each thing told of it.

Receipts name the action alone, so its rule and channel are kept beside the customer. Topics are read side by side: a
receipt may be met before the decision it answers. It waits then, and counts from its own day, so that the sums are
the same in whatever order the topics are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from agents.rollups.model import ANSWERED_ACTIONS, encode
from schemas.times import Millis

SENT: Final = "sent"
BOUNCED: Final = "bounced"
"""It came back after somebody had taken it on, or its address is dead."""
REFUSED: Final = "refused"
"""Nobody took it on: the sender, as it may not be sent any more, or the provider."""
ANSWERS: Final = (
    SENT,
    "accepted",
    "delivered",
    "opened",
    "clicked",
    "redeemed",
    "unsubscribed",
    BOUNCED,
    REFUSED,
    "reached",
    "not_reached",
    "declined",
    "opened_by_machine",
    "clicked_by_machine",
)
"""All that is counted of an action."""
_BEGIN: Final = "answer"
_TAKEN: Final = ("accepted", "delivered")


class AnsweredAction(msgspec.Struct, array_like=True):
    """One action, and when each thing was first told of it."""

    at: Millis = 0
    """When it was decided, or first told of; the oldest make room."""
    rule: str = ""
    """None while its decision has not been met."""
    channel: str = ""
    told: dict[str, Millis] = {}


decode_answered = msgspec.msgpack.Decoder(AnsweredAction).decode
CustomersActions = dict[str, dict[str, AnsweredAction]]
"""By customer and action id."""


class Answers:
    """The answers of some customers of one partition.

    Args:
        kept: of the customers that a batch is about, as the store holds them; changed in place.
        count: adds one to a sum of a day.
    """

    def __init__(self, kept: CustomersActions, count: Callable[[Millis, str], None]) -> None:
        self._kept, self._count = kept, count
        self.changed: set[tuple[str, str]] = set()

    def decided(self, customer: str, action_id: str, rule: str, channel: str, at: Millis) -> None:
        """An action was given out."""
        action = self._action(customer, action_id, at)
        if action.rule:
            return
        action.at, action.rule, action.channel = at, rule, channel
        action.told = {SENT: at, **action.told}
        for what, when in action.told.items():
            self._count(when, sum_of(rule, channel, what))

    def told(self, customer: str, action_id: str, event: Mapping[str, Any], at: Millis) -> None:
        """Something was told of an action."""
        action = self._action(customer, action_id, at)
        what = _meaning(event, action)
        if what is None or what in action.told:
            return
        action.told = {**action.told, what: at}
        if action.rule:
            self._count(at, sum_of(action.rule, action.channel, what))

    def forget(self, customer: str) -> None:
        """Forget a customer's actions."""
        self._kept.pop(customer, None)
        self.changed = {one for one in self.changed if one[0] != customer}

    def written(self) -> dict[str, dict[str, bytes | None]]:
        """What has changed, by customer and action, as it is kept; None for what has to make room."""
        found: dict[str, dict[str, bytes | None]] = {}
        for customer in {customer for customer, _ in self.changed}:
            actions = self._kept[customer]
            newest = sorted(actions, key=lambda one: (-actions[one].at, one))
            fields: dict[str, bytes | None] = dict.fromkeys(newest[ANSWERED_ACTIONS:])
            for gone in fields:
                del actions[gone]
            fields |= {one: encode(actions[one]) for of, one in self.changed if of == customer and one in actions}
            found[customer] = fields
        return found

    def _action(self, customer: str, action_id: str, at: Millis) -> AnsweredAction:
        self.changed.add((customer, action_id))
        return self._kept.setdefault(customer, {}).setdefault(action_id, AnsweredAction(at))


def _meaning(event: Mapping[str, Any], action: AnsweredAction) -> str | None:
    """What a receipt says, as it is counted; None for what is no answer."""
    kind = str(event["type"])
    if kind == "callback.completed":
        return str(event.get("outcome", ""))
    what = kind.removeprefix("receipt.")
    if what == "failed":
        came_back = event.get("permanent") or any(one in action.told for one in _TAKEN)
        return BOUNCED if came_back else REFUSED
    if event.get("machine"):
        what += "_by_machine"
    return what if what in ANSWERS else None


def sum_of(rule: str, channel: str, what: str) -> str:
    """The name of a sum."""
    return f"{_BEGIN}.{rule}.{channel}.{what}"


def by_rule(sums: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """The sums of answers among all sums: by rule, channel and what was told."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, count in sums.items():
        begin, _, rest = name.partition(".")
        if begin == _BEGIN:
            rule, channel, what = rest.split(".")
            found.setdefault(rule, {}).setdefault(channel, {})[what] = count
    return found


def together(channels: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The sums of several channels as one."""
    total: dict[str, int] = {}
    for sums in channels.values():
        for what, count in sums.items():
            total[what] = total.get(what, 0) + count
    return total
