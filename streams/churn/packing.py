"""Questions are packed tight: a byte per feature, as they wait in every customer's record."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from streams.churn.features import SIZE
from streams.churn.tables import VERSION

SCALE = 16.0
"""Features are kept in sixteenths, from -8 to 8: their spread is about 1, so this loses next to nothing."""
HALF_DAYS = 2.0
"""Spans of the history are kept in half days, up to ninety years."""
History = tuple[float, float, float]
"""As ``features.history``."""
WITH_HISTORY = 128
_HEAD = struct.Struct("<Be")
_HISTORY = struct.Struct("<3H")


def pack(log_odds: float, features: Sequence[float], history: History | None) -> bytes:
    """A prediction and its features; ``history`` where the lesson is to teach MBG/NBD too.

    Zeros at the end are left out: a customer without signals costs nothing for them.
    """
    steps = bytes([_step(value) for value in features]).rstrip(b"\0")
    if history is None:
        return _HEAD.pack(VERSION, _bounded(log_odds)) + steps
    spans = (history[0], history[1] * HALF_DAYS, history[2] * HALF_DAYS)
    packed = _HISTORY.pack(*(min(round(value), 65535) for value in spans))
    return _HEAD.pack(VERSION | WITH_HISTORY, _bounded(log_odds)) + packed + steps


def unpack(packed: bytes) -> tuple[float, tuple[float, ...], History | None] | None:
    """What was packed; ``None`` for features of another version."""
    if not packed or packed[0] & ~WITH_HISTORY != VERSION:
        return None
    _, log_odds = _HEAD.unpack_from(packed)
    start, history = _HEAD.size, None
    if packed[0] & WITH_HISTORY:
        orders, active, age = _HISTORY.unpack_from(packed, start)
        start, history = start + _HISTORY.size, (orders, active / HALF_DAYS, age / HALF_DAYS)
    steps = packed[start:].ljust(SIZE, b"\0")
    return log_odds, tuple((step - 256 if step > 127 else step) / SCALE for step in steps), history


def _bounded(log_odds: float) -> float:
    return min(max(log_odds, -50.0), 50.0)


def _step(value: float) -> int:
    """A byte for a feature: two's complement."""
    step = round(value * SCALE)
    return (127 if step > 127 else -127 if step < -127 else step) & 255
