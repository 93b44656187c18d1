"""Bayesian logistic regression with a full covariance, learned one lesson at a time."""

from __future__ import annotations

from math import exp, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from schemas.churn import Learned

Vector = NDArray[np.float64]
PROBIT = 0.392699
"""pi / 8: MacKay's approximation of a logistic averaged over a Gaussian."""
LEAST_INFORMATION = 1e-4
"""A lesson that was certain still says this much, so that a belief cannot lock itself."""


def sigmoid(z: float) -> float:
    """The logistic function, safe for any argument."""
    return 1.0 / (1.0 + exp(-z)) if z > -700.0 else 0.0


def log_sigmoid(z: float) -> float:
    """The logarithm of the logistic function, safe for any argument."""
    return -log1p(exp(-z)) if z > -30.0 else z


def averaged(log_odds: float, variance: float) -> float:
    """The log-odds of the mean probability, where the log-odds are only known to a variance."""
    return log_odds / sqrt(1.0 + PROBIT * variance)


class Belief:
    """A Gaussian over weights; each lesson is an extended Kalman step (Newton's step, online)."""

    __slots__ = ("covariance", "lessons", "mean", "weight")

    def __init__(self, mean: Vector, covariance: Vector, lessons: int = 0, weight: float = 0.0) -> None:
        self.mean, self.covariance, self.lessons, self.weight = mean, covariance, lessons, weight

    @classmethod
    def wide(cls, mean: Vector, variance: Vector) -> Belief:
        """A belief before any lesson: independent weights."""
        return cls(mean.astype(np.float64), np.diag(variance.astype(np.float64)))

    def log_odds(self, x: Vector) -> float:
        """Mean of the log-odds at ``x``."""
        return float(self.mean @ x)

    def variance(self, x: Vector) -> float:
        """Variance of the log-odds at ``x``."""
        return float(x @ self.covariance @ x)

    def learn(self, x: Vector, y: float, weight: float = 1.0) -> None:
        """Take one lesson, in place."""
        self.learn_linear(x, float(self.mean @ x), y, weight)

    def learn_linear(self, slope: Vector, log_odds: float, y: float, weight: float) -> None:
        """Take one lesson of a model whose log-odds are only linear around the mean, with this slope."""
        gain = self.covariance @ slope
        variance = float(gain @ slope)
        p = sigmoid(averaged(log_odds, variance))
        information = max(p * (1.0 - p), LEAST_INFORMATION) * weight
        shrink = 1.0 + information * variance
        self.mean += gain * (weight * (y - p) / shrink)
        gain *= sqrt(information / shrink)
        self.covariance -= np.multiply.outer(gain, gain)
        self.lessons += 1
        self.weight += weight

    def forget(self, keep: float, prior: Vector, wander: Vector) -> None:
        """Let time pass, in place: ``keep`` of what is known stays, the rest of it goes back to the prior's variance.

        Args:
            prior: variance of each weight before any lesson; what was never seen stays as unsure as that, and no more.
            wander: variance that each weight gains besides.
        """
        precision = np.linalg.inv(self.covariance) * keep
        precision[np.diag_indices_from(precision)] += (1.0 - keep) / prior
        covariance = np.linalg.inv(precision)
        self.covariance = (covariance + covariance.T) / 2.0
        self.covariance[np.diag_indices_from(precision)] += wander
        self.weight *= keep

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
