"""Receipts: what a sender tells tend about an action. The same receipt written twice is one, by its id."""

from __future__ import annotations

from typing import Any, NamedTuple

from agents.access import AccessKeys, Actor, Admitted, admit
from schemas.actions import AnyAction
from schemas.ids import digest
from schemas.receipts import MAX_HOPS
from schemas.times import Millis, to_rfc3339


class About(NamedTuple):
    """The action that a receipt tells of."""

    action_id: str
    customer: str
    channel: str
    hops: int


def receipt(
    action: AnyAction | About, kind: str, now: Millis, *, keys: AccessKeys, partitions: int, about: str = "",
    **fields: Any,
) -> Admitted:  # fmt: skip
    """A receipt of an action, ready for its topic.

    Args:
        kind: ``accepted``, ``delivered``, ``failed``; with ``receipt.`` in front it is the event's type.
        about: what tells it from another receipt of this kind for this action.
    """
    told = {
        "type": f"receipt.{kind}",
        "id": receipt_id(action.action_id, kind, about),
        "customer": action.customer,
        "time": to_rfc3339(now),
        "action_id": action.action_id,
        "hops": min(action.hops, MAX_HOPS),
        **fields,
    }
    actor = Actor("system", f"send-{action.channel}")
    return admit(told, actor=actor, source=f"send:{action.channel}", keys=keys, partitions=partitions)


def receipt_id(action_id: str, kind: str, about: str = "") -> str:
    """The id of a receipt: the same for the same news."""
    return digest("receipt", action_id, kind, about, size=16).hex()
