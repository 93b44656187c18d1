"""The keys of a lane. All carry the partition as hash tag: one lane is one slot of a Redis Cluster.

Customers are fields of hashes, not keys of their own. So a script names all its keys beforehand, and where a
Cluster moves the slot at this moment it is refused as a whole; with keys made up inside the script it would fail
in the middle, half written.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

PREFIX: Final = "tend:"
SLOT_OF_DECISION: Final = " "
"""Between customer id and place in a ring of decisions, as programs of before wrote them; no id contains a space."""


class LaneKeys(NamedTuple):
    """The keys of one lane."""

    state: str
    """Hash: version, owner, token of the last commit, state, first (sequence of the first outbox entry held)."""
    customers: str
    """Hash: customer id to record."""
    orders: str
    """Hash: customer id to order book."""
    timers: str
    """Sorted set: customer id by moment."""
    outbox: str
    """List of packed entries, in sequence."""
    decisions: str
    """Hash: customer id to the recent decisions, packed, the oldest first. Of customers whom no decision was told of
    since a program of before: to their count, and ``id n`` to the entry at place n of a ring."""
    before: str
    """Only while the lane is copied. Hash: customer id to the customer as of the beginning of the copy, if changed
    since; under a space the copy's name. It expires by itself where the copy is given up."""


_STORED_AS: Final = {"timers": "alarms"}
"""Fields whose keys keep an older name, as stores hold it."""


@cache
def lane_keys(partition: int) -> LaneKeys:
    """The keys of lane ``partition``."""
    return LaneKeys(*(f"{PREFIX}{{{partition}}}:{_STORED_AS.get(name, name)}" for name in LaneKeys._fields))
