"""From features to the vector that the logistic models weigh: an intercept, the features, products of the key ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schemas.churn import Days, PurchaseFeatures
from schemas.times import Millis
from streams.churn.model_view import ModelView
from streams.churn.posterior import Vector

WEIGHT_VARIANCE, PRODUCT_VARIANCE, CONSTANT_VARIANCE = 0.03, 0.001, 0.3
"""How sure the prior is: tight, as the features overlap, and tighter for products."""
PROCESS_NOISE = 1e-4
"""Variance that the intercept gains each day: the level of churn moves faster than its reasons."""

Places = NDArray[np.intp]
Features = tuple[float, ...]
Look = Callable[[ModelView, PurchaseFeatures, Millis, Days], Features]


@dataclass(frozen=True)
class FeatureSet:
    """What the model looks at, in one version.

    Args:
        version: 1 to 100; any change of a feature makes a new one, which cannot read the weights of another.
        names: of the features, in their order.
        keys: the features whose products with each other are weighed too.
        whole: the two features whose mean stands in before any example, for the whole horizon.
        half: the same for its first half.
        look: computes the features.
        derived: features that are not kept with a pending label, as they follow from others.
        derive: fills them in, in place.
        process_noise: variance that the intercept gains each day.
    """

    version: int
    names: tuple[str, ...]
    keys: tuple[str, ...]
    whole: tuple[str, str]
    half: tuple[str, str]
    look: Look
    derived: tuple[str, ...] = ()
    derive: Callable[[list[float]], None] | None = None
    process_noise: float = PROCESS_NOISE

    @cached_property
    def kept(self) -> list[int]:
        """The places of the features that are kept with a pending label."""
        return [place for place, name in enumerate(self.names) if name not in self.derived]

    @cached_property
    def width(self) -> int:
        """The length of the vector."""
        return 1 + len(self.names) + len(self._pairs[0])

    @cached_property
    def _pairs(self) -> tuple[Places, Places]:
        keys = np.array([self.names.index(name) for name in self.keys], dtype=np.intp)
        upper = np.triu_indices(len(keys))
        return keys[upper[0]], keys[upper[1]]

    def design(self, features: Sequence[float]) -> Vector:
        """The vector of the model."""
        size = len(self.names)
        left, right = self._pairs
        x = np.empty(self.width)
        x[0] = 1.0
        base = x[1 : 1 + size]
        base[:] = features
        np.multiply(base.take(left), base.take(right), out=x[1 + size :])
        return x

    @cached_property
    def whole_mean(self) -> Vector:
        """The weights before any example, for the whole horizon."""
        return self._mean(self.whole)

    @cached_property
    def half_mean(self) -> Vector:
        """The weights before any example, for the first half."""
        return self._mean(self.half)

    def _mean(self, names: tuple[str, str]) -> Vector:
        """The mean of two features that are halved log-odds, and 1 more."""
        mean = np.zeros(self.width)
        mean[0] = -2.0
        for name in names:
            mean[1 + self.names.index(name)] += 1.0
        return mean

    @cached_property
    def prior_variance(self) -> Vector:
        """How sure the prior is of each weight."""
        variance = np.full(self.width, PRODUCT_VARIANCE)
        variance[0] = CONSTANT_VARIANCE
        variance[1 : 1 + len(self.names)] = WEIGHT_VARIANCE
        return variance
