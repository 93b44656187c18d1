"""Pending labels are packed tight: a byte per feature, as they wait in every customer's record.

Features that follow from others are not kept; the spans of the history are kept to 4 %, in a byte each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import expm1, log1p

from streams.churn.feature_set import Features, FeatureSet

SCALE = 16.0
"""Features are kept in sixteenths, from -8 to 8: their spread is about 1, so this loses next to nothing."""
LOG_STEPS = 24.0
"""Spans of the history are kept as so many steps per unit of the logarithm of 1 + days, up to a century."""
History = tuple[float, float, float]
"""As ``features.history``."""
WITH_HISTORY = 128
_HEAD = struct.Struct("<Be")
_HISTORY = 3
_VALUES = [(step - 256 if step > 127 else step) / SCALE for step in range(256)]
"""What each byte of a feature stands for."""


def pack(kind: FeatureSet, log_odds: float, features: Sequence[float], history: History | None) -> bytes:
    """A prediction and its features; ``history`` where MBG/NBD is to learn from it too.

    Zeros at the end are left out: a customer without signals costs nothing for them.
    """
    steps = bytes([_step(features[place]) for place in kind.kept]).rstrip(b"\0")
    if history is None:
        return _HEAD.pack(kind.version, _bounded(log_odds)) + steps
    repeats, active, age = history
    spans = bytes([min(round(log1p(span) * LOG_STEPS), 255) for span in (repeats, max(age - active, 0.0), age)])
    return _HEAD.pack(kind.version | WITH_HISTORY, _bounded(log_odds)) + spans + steps


def without_history(packed: bytes) -> bytes:
    """The same, once MBG/NBD has learned from it."""
    if not packed or not packed[0] & WITH_HISTORY:
        return packed
    start = _HEAD.size
    return bytes([packed[0] & ~WITH_HISTORY]) + packed[1:start] + packed[start + _HISTORY :]


def unpack(kind: FeatureSet, packed: bytes) -> tuple[float, Features, History | None] | None:
    """What was packed; ``None`` for features of another version, and for what is too short to be any."""
    if len(packed) < _HEAD.size or packed[0] & ~WITH_HISTORY != kind.version:
        return None
    return _unpacked(kind, packed)


def _unpacked(kind: FeatureSet, packed: bytes) -> tuple[float, Features, History | None]:
    _, log_odds = _HEAD.unpack_from(packed)
    start, history = _HEAD.size, None
    if packed[0] & WITH_HISTORY:
        repeats, silence, age = (expm1(step / LOG_STEPS) for step in packed[start : start + _HISTORY])
        start, history = start + _HISTORY, (round(repeats), max(age - silence, 0.0), age)
    values = [0.0] * len(kind.names)
    for place, step in zip(kind.kept, packed[start:], strict=False):
        values[place] = _VALUES[step]
    if kind.derive is not None:
        kind.derive(values)
    return log_odds, tuple(values), history


def _bounded(log_odds: float) -> float:
    return min(max(log_odds, -50.0), 50.0)


def _step(value: float) -> int:
    """A byte for a feature: two's complement."""
    step = round(value * SCALE)
    return (127 if step > 127 else -127 if step < -127 else step) & 255
