"""Which occasions are settled: a short ring of action ids in the record, 4 bytes each.

30 bits say which id, two say how it ended and whether its occasion can come again. The order is that of being
remembered last. Where there is no room, what matters least is forgotten first: a refused id that is proposed again is
only refused again, while an action that was given out must not be given out twice. An occasion that names an order or a
complaint passes with it; one that names a quarter or a tier can come again after many others.
"""

from __future__ import annotations

from typing import Final

from schemas.given_out import MAX_SPENT

_SIZE: Final = 4
_RECURS: Final = 1
_GIVEN_OUT: Final = 2
_REFUSALS: Final = 5
"""Refusals that are remembered in any case, the newest among them: else each week would refuse the same again."""


def knows(ring: bytes, key: bytes) -> bool:
    """Whether this id is settled. Of 45 million proposals one is mistaken for a settled one."""
    return _place(ring, key) != -1


def touched(ring: bytes, key: bytes) -> bytes:
    """The ring with this settled id as the one remembered last."""
    at = _place(ring, key)
    return _with(ring, ring[at : at + _SIZE])


def settled(ring: bytes, key: bytes, *, given_out: bool, recurs: bool) -> bytes:
    """The ring with this id, if need be without another."""
    return _with(ring, key[:3] + bytes([key[3] & ~3 | _GIVEN_OUT * given_out | _RECURS * recurs]))


def joined(mine: bytes, other: bytes) -> bytes:
    """What either ring remembers, as far as there is room: mine as the later ones."""
    ring = other
    for entry in _entries(mine):
        ring = _with(ring, entry)
    return ring


def _entries(ring: bytes) -> list[bytes]:
    return [ring[at : at + _SIZE] for at in range(0, len(ring), _SIZE)]


def _place(ring: bytes, key: bytes) -> int:
    """Where the entry of this id begins; -1 where there is none."""
    at = ring.find(key[:3])
    while at != -1 and (at % _SIZE or ring[at + 3] | 3 != key[3] | 3):
        at = ring.find(key[:3], at + 1)
    return at


def _with(ring: bytes, entry: bytes) -> bytes:
    at = _place(ring, entry)
    others = ring if at == -1 else ring[:at] + ring[at + _SIZE :]
    if len(others) >= MAX_SPENT * _SIZE:
        kept = _entries(others)
        kept.remove(_least(kept))
        others = b"".join(kept)
    return others + entry


def _least(entries: list[bytes]) -> bytes:
    """The oldest of those that matter least."""
    refused = [one for one in entries if not one[3] & _GIVEN_OUT]
    among = refused if len(refused) >= _REFUSALS else [one for one in entries if one[3] & _GIVEN_OUT]
    return min(among, key=lambda one: one[3] & _RECURS)
