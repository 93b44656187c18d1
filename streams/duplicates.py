"""Which events were applied before: hashes of their ids, in two generations.

When the current generation is full it becomes the previous one, which is forgotten. So at least the last ``size``
ids are known, at most twice as many, and what is older than ``reach`` cannot be told from a duplicate.
"""

from __future__ import annotations

from hashlib import blake2b

from schemas.record import Seen
from schemas.times import SECOND, Millis

WIDTH = 5
"""Bytes of a hash: with 16 remembered, a new event is mistaken for an old one once in 70,000 million."""


def key_of(event_id: str) -> bytes:
    """The hash under which an event id is remembered."""
    return blake2b(event_id.encode(), digest_size=WIDTH).digest()


def knows(seen: Seen, key: bytes) -> bool:
    """Whether the event was applied and is still remembered."""
    return _holds(seen.current, key) or _holds(seen.previous, key)


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
