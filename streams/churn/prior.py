"""The shipped prior: weights learned on a year of real orders, wide enough to be forgotten."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from streams.churn.posterior import Posterior, Vector

FILE = Path(__file__).with_name("prior.json")
VARIANCE_INFLATION = 30.0
"""The variances that were learned are multiplied by this, though never beyond those of no knowledge at all."""
BELIEVED = 0.2
"""How far the start moves towards what was learned elsewhere: all the way, it would be too sure of another store's
ways in the first weeks, above all in a store of sparse buyers, before the population's tables have filled."""
DIGITS = 6


class Weights(msgspec.Struct, frozen=True):
    """What was learned of each weight of the design, and the variance it had left."""

    mean: list[float]
    variance: list[float]


class Prior(msgspec.Struct, frozen=True):
    """Weights by the name of the estimator, and the version of the features they weigh."""

    features_version: int
    weights: dict[str, Weights]


@cache
def shipped() -> Prior:
    """The prior that comes with tend, made from The Complete Journey (``python -m benchmarks.churn prior``)."""
    return msgspec.json.decode(FILE.read_bytes(), type=Prior)


def weights_of(posterior: Posterior) -> Weights:
    """What a store has learned, as a prior for others."""
    mean, variance = posterior.mean.tolist(), np.diag(posterior.covariance).tolist()
    return Weights([round(value, DIGITS) for value in mean], [round(value, DIGITS + 3) for value in variance])


def widened(weights: Weights, start: Vector, most: Vector) -> Posterior:
    """What was learned elsewhere, as a place to start from: towards its weights, with inflated variances.

    Args:
        start: the weights before any example, without a prior.
        most: their variances.

    Raises:
        ValueError: the prior weighs other features than this version of tend.
    """
    if len(weights.mean) != len(start):
        raise ValueError(f"a prior of {len(weights.mean)} weights; this version has {len(start)}: make it anew")
    variance = np.minimum(np.array(weights.variance) * VARIANCE_INFLATION, most)
    return Posterior.independent(start + BELIEVED * (np.array(weights.mean) - start), variance)
