"""From features to the vector that the logistic models weigh: a constant, the features, products of the key ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.churn.features import NAMES, SIZE
from streams.churn.logistic import Vector

KEY = (
    "overdue",
    "irregular",
    "pace_month",
    "pace_season",
    "pace_3",
    "pace_ever",
    "age",
    "spend",
    "gaps_like_hers",
    "her_gaps",
)
"""The features whose products with each other are weighed too."""
WEIGHT_VARIANCE, PRODUCT_VARIANCE, CONSTANT_VARIANCE = 0.03, 0.001, 0.3
"""How sure the prior is: tight, as the features overlap, and tighter for products."""
WANDER = 1e-4
"""Variance that the constant gains each day: the level of churn moves faster than its reasons."""

_KEY = np.array([NAMES.index(name) for name in KEY])
_UPPER = np.triu_indices(len(KEY))
_LEFT, _RIGHT = _KEY[_UPPER[0]], _KEY[_UPPER[1]]
WIDTH = 1 + SIZE + len(_LEFT)


def design(features: Sequence[float]) -> Vector:
    """The vector of the model."""
    x = np.empty(WIDTH)
    x[0] = 1.0
    base = x[1 : 1 + SIZE]
    base[:] = features
    np.multiply(base[_LEFT], base[_RIGHT], out=x[1 + SIZE :])
    return x


def prior_mean(feature: str) -> Vector:
    """Before any lesson: what MBG/NBD says, which is the feature ``repeat`` or ``repeat_half``."""
    mean = np.zeros(WIDTH)
    mean[0] = -2.0
    mean[1 + NAMES.index(feature)] = 2.0
    return mean


def prior_variance() -> Vector:
    """How sure the prior is of each weight."""
    variance = np.full(WIDTH, PRODUCT_VARIANCE)
    variance[0] = CONSTANT_VARIANCE
    variance[1 : 1 + SIZE] = WEIGHT_VARIANCE
    return variance


def wander(days: float) -> Vector:
    """The variance that weights gain in a time."""
    variance = np.zeros(WIDTH)
    variance[0] = WANDER * days
    return variance
