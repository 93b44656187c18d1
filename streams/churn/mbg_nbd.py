"""MBG/NBD: when a customer buys again, and whether they still do, from three numbers.

Batislam, Denizel, Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis": while active, a customer buys at a steady rate of their own (gamma over customers); after each order, the
first too, they leave for good with a probability of their own (beta over customers). The four parameters start from
the population's mean gap, so it predicts from the first day, and move by an extended Kalman step with each example.
"""

from __future__ import annotations

from math import exp, expm1, log, log1p

import numpy as np

from streams.churn.posterior import Posterior, Vector

Parameters = tuple[float, float, float, float]
"""r, alpha (days), a, b."""

READS = ("frequency", "recency", "tenure")
"""Orders after the first; days from the first order to the last, and to now."""
START = (log(0.8), 0.0, log(0.6), log(2.4))
"""Logarithms of r, alpha over (r times the mean gap), a and b: wide differences, one in five leaves after an order."""
START_VARIANCE = 0.1
STEP = 1e-4
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1."""


def prior() -> Posterior:
    """What is known of the parameters before any example."""
    return Posterior.independent(np.array(START), prior_variance())


def prior_variance() -> Vector:
    """How sure the start is."""
    return np.full(4, START_VARIANCE)


def parameters_of(logs: Vector, usual_gap: float) -> Parameters:
    """The parameters in days, from their logarithms and the population's mean gap in days."""
    return _parameters(logs.tolist(), usual_gap)


def _parameters(logs: list[float], usual_gap: float) -> Parameters:
    r = exp(logs[0])
    return r, exp(logs[1]) * r * usual_gap, exp(logs[2]), exp(logs[3])


def churn_logit(parameters: Parameters, frequency: float, recency: float, tenure: float, horizon: float) -> float:
    """The log-odds of no order within ``horizon`` days.

    Args:
        frequency: orders after the first.
        recency: days from the first order to the last.
        tenure: days from the first order to now.
    """
    r, alpha, _, _ = parameters
    alive = _alive(parameters, frequency, recency, tenure)
    return _logit(alive * -expm1(-(r + frequency) * log1p(horizon / (alpha + tenure))))


def churn_logits(
    parameters: Parameters, frequency: float, recency: float, tenure: float, horizon: float
) -> tuple[float, float]:
    """``churn_logit`` of the horizon and of its half."""
    r, alpha, _, _ = parameters
    shape, scale = r + frequency, alpha + tenure
    alive = _alive(parameters, frequency, recency, tenure)
    whole = _logit(alive * -expm1(-shape * log1p(horizon / scale)))
    return whole, _logit(alive * -expm1(-shape * log1p(horizon / 2.0 / scale)))


def _alive(parameters: Parameters, frequency: float, recency: float, tenure: float) -> float:
    """The chance that the customer still buys."""
    r, alpha, a, b = parameters
    silent = log((alpha + tenure) / (alpha + recency)) * (r + frequency)
    return 1.0 / (1.0 + a / (b + frequency) * exp(silent if silent < 50.0 else 50.0))


def _logit(buys: float) -> float:
    buys = min(max(buys, LEAST), 1.0 - LEAST)
    return log((1.0 - buys) / buys)


def linearised(
    logs: list[float], history: tuple[float, float, float], usual_gap: float, horizon: float
) -> tuple[float, Vector]:
    """The log-odds at these logarithms of the parameters, and their slope there."""
    here = churn_logit(_parameters(logs, usual_gap), *history, horizon)
    slope = np.array([(_shifted(logs, i, usual_gap, history, horizon) - here) / STEP for i in range(4)])
    return here, slope


def _shifted(logs: list[float], i: int, usual_gap: float, history: tuple[float, float, float], horizon: float) -> float:
    moved = [*logs[:i], logs[i] + STEP, *logs[i + 1 :]]
    return churn_logit(_parameters(moved, usual_gap), *history, horizon)
