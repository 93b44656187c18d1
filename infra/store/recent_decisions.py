"""Which of a customer's recent decisions are kept: by rule, so that one that decides often pushes out its own alone.

``commit.lua`` does the same on the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

MARKED: Final = 0
"""First byte of an entry whose second one stands for its rule; others are all of one rule."""


def mark_of(entry: bytes) -> int:
    """What stands for the entry's rule."""
    return entry[1] if entry[:1] == bytes([MARKED]) else MARKED


def kept(entries: Iterable[bytes], most: int) -> list[bytes]:
    """As many as are kept, the oldest first: for each one too many goes the oldest of the rule that has most."""
    ring: list[bytes] = []
    for entry in entries:
        ring.append(entry)
        if len(ring) > most:
            counts = Counter(map(mark_of, ring))
            ring.remove(next(one for one in ring if counts[mark_of(one)] == max(counts.values())))
    return ring
