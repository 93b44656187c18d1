"""From features to the vector that the logistic model weighs: a constant, the features, products of the key ones."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from streams.churn.features import NAMES, SIZE
from streams.churn.logistic import Vector

KEY = (
    "overdue",
    "silence",
    "rate_week",
    "rate_month",
    "rate_season",
    "rate_ever",
    "third_last",
    "eighth_last",
    "hazard",
    "regularity",
)
"""The features whose products with each other are weighed too."""
PRIOR = 0.001
"""Prior variance of a weight; tight, as the features overlap."""
_KEY = np.array([NAMES.index(name) for name in KEY])
_LEFT, _RIGHT = np.triu_indices(len(KEY))
_LEFT, _RIGHT = _KEY[_LEFT], _KEY[_RIGHT]
WIDTH = 1 + SIZE + len(_LEFT)
_FORMAT = struct.Struct(f"<f{SIZE}e")


def design(features: Sequence[float]) -> Vector:
    """The vector of the model."""
    base = np.array(features)
    x = np.empty(WIDTH)
    x[0] = 1.0
    x[1 : 1 + SIZE] = base
    np.multiply(base[_LEFT], base[_RIGHT], out=x[1 + SIZE :])
    return x


def prior_mean() -> Vector:
    """Before any lesson: the hazard table and MBG/NBD in equal parts."""
    mean = np.zeros(WIDTH)
    for name in ("hazard", "repeat"):
        mean[1 + NAMES.index(name)] = 1.0
    return mean


def prior_variance() -> Vector:
    """How sure the prior is of each weight."""
    return np.full(WIDTH, PRIOR)


def pack(p: float, features: Sequence[float]) -> bytes:
    """A prediction (single precision) and its features (half precision), as kept in a question."""
    return _FORMAT.pack(p, *(min(max(value, -6e4), 6e4) for value in features))


def unpack(packed: bytes) -> tuple[float, tuple[float, ...]]:
    """The prediction and the features; an empty tuple for those of another version."""
    if len(packed) != _FORMAT.size:
        return 0.5, ()
    p, *values = _FORMAT.unpack(packed)
    return p, tuple(values)
