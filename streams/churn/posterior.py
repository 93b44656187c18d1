"""A Gaussian posterior over weights: what the learner exports and workers score with, without River."""

from __future__ import annotations

from math import exp, log1p, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.churn import Learned

Vector = NDArray[np.float64]
PROBIT = 0.392699
"""pi / 8: MacKay's approximation of a logistic averaged over a Gaussian."""


def sigmoid(z: float) -> float:
    """The logistic function, safe for any argument."""
    return 1.0 / (1.0 + exp(-z)) if z > -700.0 else 0.0


def log_sigmoid(z: float) -> float:
    """The logarithm of the logistic function, safe for any argument."""
    return -log1p(exp(-z)) if z > -30.0 else z


def averaged(log_odds: float, variance: float) -> float:
    """The log-odds of the mean probability, where the log-odds are only known to a variance."""
    return log_odds / sqrt(1.0 + PROBIT * variance)


class Posterior(NamedTuple):
    """Mean and covariance of the weights, the intercept first, and what they were learned from."""

    mean: Vector
    covariance: Vector
    examples: int = 0
    weight: float = 0.0
    """Sum of the weights of the examples, with forgetting."""

    @classmethod
    def independent(cls, mean: Vector, variance: Vector) -> Posterior:
        """The prior: independent weights, no example yet."""
        return cls(mean.astype(np.float64), np.diag(variance.astype(np.float64)))

    def log_odds(self, x: Vector) -> float:
        """Mean of the log-odds at ``x``."""
        return float(self.mean.dot(x))

    def variance(self, x: Vector) -> float:
        """Variance of the log-odds at ``x``."""
        return float(x.dot(self.covariance).dot(x))

    def packed(self) -> Learned:
        """The posterior as data: never a pickle, which would run whatever it is told to."""
        return Learned(
            mean=self.mean.astype("<f8").tobytes(),
            covariance=self.covariance.astype("<f8").tobytes(),
            examples=self.examples,
            weight=self.weight,
        )

    @classmethod
    def unpacked(cls, learned: Learned) -> Posterior:
        """The posterior that ``packed`` wrote, to the bit."""
        mean = np.frombuffer(learned.mean, dtype="<f8").astype(np.float64)
        covariance = np.frombuffer(learned.covariance, dtype="<f8").astype(np.float64)
        return cls(mean, covariance.reshape(len(mean), len(mean)), learned.examples, learned.weight)
