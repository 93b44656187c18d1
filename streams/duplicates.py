"""Which events were applied before: hashes of their ids, in two generations.

When the current generation is full it becomes the previous one, which is forgotten. So at least the last ``size``
ids are known, at most twice as many, and what is older than ``reach`` cannot be told from a duplicate.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from schemas.events import AnyEvent
from schemas.outcome_codes import OutcomeCode
from schemas.record import CustomerRecord, Seen
from schemas.times import SECOND, Millis
from schemas.topics import BROWSE, FEEDBACK, TOPIC_OF

WIDTH = 5
"""Bytes of a hash: with 16 remembered, a new event is mistaken for an old one once in 70,000 million."""

BROWSING: Final = frozenset(name for name, topic in TOPIC_OF.items() if topic == BROWSE)
"""Events that tell of a visit, and of nothing bought or promised."""
FEEDBACK_EVENTS: Final = frozenset(name for name, topic in TOPIC_OF.items() if topic == FEEDBACK)
"""What customers say."""


def key_of(event_id: str) -> bytes:
    """The hash under which an event id is remembered."""
    return blake2b(event_id.encode(), digest_size=WIDTH).digest()


def knows(seen: Seen, key: bytes) -> bool:
    """Whether the event was applied and is still remembered."""
    return _holds(seen.current, key) or _holds(seen.previous, key)


def ring_of(record: CustomerRecord, event: AnyEvent) -> Seen | None:
    """Where ids of such events are remembered: what comes often must not push out what comes seldom."""
    if event.type in BROWSING:
        return record.browsed
    return record.voiced if event.type in FEEDBACK_EVENTS else record.recent


def told_before(seen: Seen, event: AnyEvent, key: bytes) -> OutcomeCode | None:
    """Why the ring says that an event was, or may have been, applied before.

    Of a visit and of feedback nothing but the ring tells a duplicate; orders, complaints, spendings and receipts are
    known by their own state.
    """
    if knows(seen, key):
        return OutcomeCode.DUPLICATE
    if event.at > seen.reach:
        return None
    if event.type in BROWSING:
        return OutcomeCode.TOO_OLD_BROWSE
    return OutcomeCode.TOO_OLD_FEEDBACK if event.type in FEEDBACK_EVENTS else None


def remember(seen: Seen, key: bytes, at: Millis, size: int) -> None:
    """Remember an event applied at ``at``, in generations of ``size``."""
    if len(seen.current) >= size * WIDTH:
        if seen.previous:
            seen.forgotten = seen.rotated_at
        seen.previous, seen.current, seen.rotated_at = seen.current, b"", -(-at // SECOND)
    seen.current += key


def joined(mine: Seen, other: Seen, at: Millis) -> Seen:
    """What either knows at that moment; what the other knows is forgotten with my elder generation, as of then."""
    known = Seen(mine.current, other.current + mine.previous + other.previous)
    known.rotated_at = max(mine.rotated_at, other.rotated_at, -(-at // SECOND) if other.current else 0)
    known.forgotten = max(mine.forgotten, other.forgotten)
    return known


def _holds(generation: bytes, key: bytes) -> bool:
    place = generation.find(key)
    while place % WIDTH and place != -1:
        place = generation.find(key, place + 1)
    return place != -1
