"""Bayesian logistic regression with a full covariance, learned one lesson at a time."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from schemas.churn import Learned

Vector = NDArray[np.float64]
PROBIT = 0.392699
"""pi / 8: MacKay's approximation of a logistic averaged over a Gaussian."""


def sigmoid(z: float) -> float:
    """The logistic function, safe for any argument."""
    return 1.0 / (1.0 + exp(-z)) if z > -700.0 else 0.0


class Belief:
    """A Gaussian over weights; each lesson is an extended Kalman step (Newton's step, online)."""

    __slots__ = ("covariance", "lessons", "mean", "weight")

    def __init__(self, mean: Vector, covariance: Vector, lessons: int = 0, weight: float = 0.0) -> None:
        self.mean, self.covariance, self.lessons, self.weight = mean, covariance, lessons, weight

    @classmethod
    def wide(cls, mean: Vector, variance: Vector) -> Belief:
        """A belief before any lesson: independent weights."""
        return cls(mean.astype(np.float64), np.diag(variance.astype(np.float64)))

    def log_odds(self, x: Vector) -> tuple[float, float]:
        """Mean and variance of the log-odds at ``x``."""
        return float(self.mean @ x), float(x @ self.covariance @ x)

    def learn(self, x: Vector, y: float, weight: float = 1.0, forgetting: float = 1.0) -> None:
        """Take one lesson. ``forgetting`` below 1 widens the belief first, by that factor per unit of weight."""
        if forgetting < 1.0:
            self.covariance /= forgetting**weight
        gain = self.covariance @ x
        variance = float(gain @ x)
        p = sigmoid(float(self.mean @ x) / sqrt(1.0 + PROBIT * variance))
        information = max(p * (1.0 - p), 1e-4) * weight
        shrink = 1.0 + information * variance
        self.mean += gain * (weight * (y - p) / shrink)
        gain *= sqrt(information / shrink)
        self.covariance -= np.outer(gain, gain)
        self.lessons += 1
        self.weight += weight

    def packed(self) -> Learned:
        """The state as data."""
        return Learned(
            mean=self.mean.astype("<f8").tobytes(),
            covariance=self.covariance.astype("<f8").tobytes(),
            lessons=self.lessons,
            weight=self.weight,
        )

    @classmethod
    def unpacked(cls, learned: Learned) -> Belief:
        """The belief that ``packed`` wrote, to the bit."""
        mean = np.frombuffer(learned.mean, dtype="<f8").astype(np.float64)
        covariance = np.frombuffer(learned.covariance, dtype="<f8").astype(np.float64)
        return cls(mean, covariance.reshape(len(mean), len(mean)), learned.lessons, learned.weight)
