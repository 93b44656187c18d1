"""What the rollups hold, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from schemas.times import Millis

TIMELINE_ROWS: Final = 120
"""Events kept of a customer beside visits. The oldest makes room."""
VISIT_ROWS: Final = 40
"""Steps of visits kept of a customer."""
DECISION_ROWS: Final = 120
MESSAGE_ROWS: Final = 60
SCORE_ROWS: Final = 60
MOVE_ROWS: Final = 20
INDEXED_VALUES: Final = 120
"""Values by which one customer can be found: addresses, orders, complaints, coupons, actions."""
ANSWERED_ACTIONS: Final = 60
"""Actions of a customer of which it is kept what was told of them."""
FEED_ROWS: Final = 60
RULE_ROWS: Final = 20
"""Decisions of one rule, the newest, for the page of the rule."""
CLOSED_WORK: Final = 500
"""Finished work kept per partition, so that a ticket that comes late opens nothing."""
DAY_LIFE_SECONDS: Final = 800 * 86_400
MINUTE_LIFE_SECONDS: Final = 2 * 3_600

MOST_TEXT = 600
"""Characters of a text that are kept."""


class TimelineRow(msgspec.Struct, array_like=True, frozen=True):
    """One thing that happened to a customer."""

    at: Millis
    kind: str
    """Event type."""
    id: str
    data: dict[str, str | int | float | bool | list[str]]
    """What of the event is shown."""
    actor: str = ""


class SentMessage(msgspec.Struct, array_like=True, frozen=True):
    """One action as it went out."""

    action_id: str
    at: Millis
    kind: str
    channel: str
    rule: str
    text: str
    reason: str
    data: dict[str, str | int | float | bool]


class WorkItem(msgspec.Struct, array_like=True):
    """Something that a person of the store has to do: answer a complaint, call, or see to a ticket."""

    id: str
    kind: str
    """``complaint``, ``call``, or ``task``: a ticket that is about no complaint."""
    customer: str
    category: str = ""
    urgency: str = ""
    queue: str = ""
    text: str = ""
    order: str = ""
    opened: Millis = 0
    due: Millis = 0
    owner: str = ""
    taken: Millis = 0
    escalated: Millis = 0
    closed: Millis = 0
    outcome: str = ""
    rule: str = ""
    action_id: str = ""
    """Of the ticket or the call."""
    promised: Millis = 0
    """The deadline that a complaint's first ticket named."""
    settled: Millis = 0
    """When it was closed for the first time."""
    settled_as: str = ""
    """Its category then."""


class Standing(msgspec.Struct, array_like=True, frozen=True):
    """Where a customer stands among all."""

    tier: str
    stage: str


class Changes(msgspec.Struct):
    """What one batch of one partition changes; all of it is written at once with the positions behind it."""

    positions: dict[str, int] = msgspec.field(default_factory=dict)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    days: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    minutes: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)
    rows: dict[tuple[str, str], list[bytes]] = msgspec.field(default_factory=dict)
    """By (list, customer or rule)."""
    feed: list[bytes] = msgspec.field(default_factory=list)
    index: dict[str, dict[str, Millis]] = msgspec.field(default_factory=dict)
    """Customer to the search keys they are found by."""
    work: dict[str, WorkItem] = msgspec.field(default_factory=dict)
    seen: dict[str, Millis] = msgspec.field(default_factory=dict)
    """Customers touched, with the latest time."""
    held: dict[str, bool] = msgspec.field(default_factory=dict)
    """Actions decided on, and whether they are held now."""
    answers: dict[str, dict[str, bytes | None]] = msgspec.field(default_factory=dict)
    """By customer and action, what was told of it; None for what makes room."""
    erased: dict[str, Millis] = msgspec.field(default_factory=dict)
    """Customers who were forgotten, and when they asked for it."""
    standings: dict[str, Standing | None] = msgspec.field(default_factory=dict)
    """Where customers stand now; None for whom nothing is kept of any more."""
    flows: dict[str, int] = msgspec.field(default_factory=dict)
    """How many went from one stage of life to another."""


LIST_LIMITS: Final[Mapping[str, int]] = {
    "life": TIMELINE_ROWS,
    "visits": VISIT_ROWS,
    "care": DECISION_ROWS,
    "said": MESSAGE_ROWS,
    "scores": SCORE_ROWS,
    "moves": MOVE_ROWS,
}
"""Lists kept of each customer, with the number of entries each holds."""

encode = msgspec.msgpack.encode
decode_row = msgspec.msgpack.Decoder(TimelineRow).decode
decode_message = msgspec.msgpack.Decoder(SentMessage).decode
decode_work = msgspec.msgpack.Decoder(WorkItem).decode
decode_standing = msgspec.msgpack.Decoder(Standing).decode
