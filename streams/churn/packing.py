"""Questions are packed tight: a byte per feature, as they wait in every customer's record.

Two features are not kept, as they follow from others; the spans of her history are kept to 4 %, in a byte each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import exp, expm1, log, log1p

from streams.churn.features import FRESH, NAMES, OPEN, SIZE, surely_overdue
from streams.churn.tables import VERSION

SCALE = 16.0
"""Features are kept in sixteenths, from -8 to 8: their spread is about 1, so this loses next to nothing."""
LOG_STEPS = 24.0
"""Spans of the history are kept as so many steps per unit of the logarithm of 1 + days, up to a century."""
History = tuple[float, float, float]
"""As ``features.history``."""
WITH_HISTORY = 128
_HEAD = struct.Struct("<Be")
_HISTORY = 3
_SILENCE, _FRESH, _OVERDUE, _SURELY, _IRREGULAR = (
    NAMES.index(name) for name in ("silence", "fresh_silence", "overdue", "surely_overdue", "irregular")
)
_KEPT = [place for place in range(SIZE) if place not in (_SILENCE, _SURELY)]


def pack(log_odds: float, features: Sequence[float], history: History | None) -> bytes:
    """A prediction and its features; ``history`` where the lesson is to teach MBG/NBD too.

    Zeros at the end are left out: a customer without signals costs nothing for them.
    """
    steps = bytes([_step(features[place]) for place in _KEPT]).rstrip(b"\0")
    if history is None:
        return _HEAD.pack(VERSION, _bounded(log_odds)) + steps
    repeats, active, age = history
    spans = bytes([min(round(log1p(span) * LOG_STEPS), 255) for span in (repeats, max(age - active, 0.0), age)])
    return _HEAD.pack(VERSION | WITH_HISTORY, _bounded(log_odds)) + spans + steps


def without_history(packed: bytes) -> bytes:
    """The same, once MBG/NBD has learned from it."""
    if not packed or not packed[0] & WITH_HISTORY:
        return packed
    start = _HEAD.size
    return bytes([packed[0] & ~WITH_HISTORY]) + packed[1:start] + packed[start + _HISTORY :]


def unpack(packed: bytes) -> tuple[float, tuple[float, ...], History | None] | None:
    """What was packed; ``None`` for features of another version."""
    if not packed or packed[0] & ~WITH_HISTORY != VERSION:
        return None
    _, log_odds = _HEAD.unpack_from(packed)
    start, history = _HEAD.size, None
    if packed[0] & WITH_HISTORY:
        repeats, silence, age = (expm1(step / LOG_STEPS) for step in packed[start : start + _HISTORY])
        start, history = start + _HISTORY, (round(repeats), max(age - silence, 0.0), age)
    steps = packed[start:].ljust(len(_KEPT), b"\0")
    return log_odds, _features([(step - 256 if step > 127 else step) / SCALE for step in steps]), history


def _features(kept: list[float]) -> tuple[float, ...]:
    """All features, with those that follow from others."""
    kept.insert(_SILENCE, 0.0)
    kept.insert(_SURELY, 0.0)
    kept[_SURELY] = surely_overdue(kept[_OVERDUE], exp(kept[_IRREGULAR] / 2.0))
    kept[_SILENCE] = log(max(exp(2.0 * kept[_FRESH]) - FRESH, 0.0) + OPEN)
    return tuple(kept)


def _bounded(log_odds: float) -> float:
    return min(max(log_odds, -50.0), 50.0)


def _step(value: float) -> int:
    """A byte for a feature: two's complement."""
    step = round(value * SCALE)
    return (127 if step > 127 else -127 if step < -127 else step) & 255
