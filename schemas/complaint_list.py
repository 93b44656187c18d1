"""What is known of a customer's latest complaints, as a part of the record."""

from __future__ import annotations

from schemas.record_part import RecordPart
from schemas.times import Millis

MAX_OPEN_COMPLAINTS = 6
MAX_MOVES = 8
"""Times a complaint was resolved or opened again that are told apart; the oldest make room."""


class Complaint(RecordPart):
    """One complaint. At ``MAX_OPEN_COMPLAINTS`` the oldest closed, else the oldest open one makes room."""

    id: str
    category: str
    urgency: str
    opened: Millis
    """0 while only later news of it has come: then it is not open."""
    deadline: Millis = 0
    order: str = ""
    closed: Millis = 0
    """0 while open."""
    escalated: bool = False
    reopened: int = 0
    changed: Millis = 0
    """Time of the latest event applied to it."""
    owner: str = ""
    """The person of the store who has it; empty while nobody took it."""
    answered: Millis = 0
    """When the customer was last answered; 0 for never."""
    moves: list[Millis] = []
    """When it was resolved, and, below zero, when it was opened again: in the order of their time."""
    category_told: Millis = 0
    urgency_told: Millis = 0
    owner_told: Millis = 0
    """When it was handed to its owner, or back to the queue; below zero, when its owner took it."""

    @property
    def is_open(self) -> bool:
        """Whether the customer waits for it to be settled."""
        return self.opened > 0 and not self.closed


class Complaints(RecordPart):
    recent: list[Complaint] = []
    total: int = 0
    resolved: int = 0
    last: Millis = 0
    reach: Millis = 0
    """Time of the latest event of a complaint that was forgotten."""
