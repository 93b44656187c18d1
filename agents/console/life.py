"""What the timeline is made from, and its rows."""

from __future__ import annotations

from typing import Final

import msgspec

from agents.rollups.model import SentMessage, TimelineRow, WorkItem
from schemas.outcome import Decision
from schemas.record import CustomerRecord
from schemas.times import Millis

SIMPLE_RECEIPTS: Final = (
    "receipt.accepted",
    "receipt.delivered",
    "receipt.opened",
    "receipt.clicked",
    "receipt.failed",
)
"""Shown with the message that they are of."""


class TimelineEntry(msgspec.Struct):
    """One row of the timeline."""

    at: Millis
    kind: str
    """``customer``, ``acted``, ``held``, ``not_sent``, ``failed``, ``due``, ``moved`` or ``staff``."""
    glyph: str
    title: str
    sub: str = ""
    why: str = ""
    icon: str = ""
    receipts: str = ""
    facts: list[tuple[str, str]] = []
    rule: str = ""
    rulebook: str = ""
    action_id: str = ""
    event_id: str = ""
    urgent: bool = False
    order: str = ""
    key: str = ""
    """Rows of one key that follow one another fold."""
    times: int = 1


class Life(msgspec.Struct):
    """What is known of a customer's life, each list the newest first."""

    record: CustomerRecord
    events: list[TimelineRow]
    visits: list[TimelineRow]
    decisions: list[Decision]
    messages: list[SentMessage]
    work: list[WorkItem]
    moves: list[tuple[Millis, str, str]] = []
    scores: list[tuple[Millis, float]] = []
    """Risk that they do not come back; the oldest first."""
