"""MBG/NBD: when a customer buys again, and whether she still does, from three numbers.

Batislam, Denizel, Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis": while alive she buys at her own steady rate (gamma over customers); after each order, the first
too, she leaves for good with her own probability (beta over customers). Its four parameters start from
the population's mean gap, so it predicts from the first day, and move by an extended Kalman step with each lesson.
"""

from __future__ import annotations

from math import exp, expm1, log, log1p

import numpy as np

from streams.churn.logistic import Belief, Vector

Parameters = tuple[float, float, float, float]
"""r, alpha (days), a, b."""

START = (log(0.8), 0.0, log(0.6), log(2.4))
"""Logarithms of r, alpha over (r times the mean gap), a and b: wide differences, one in five leaves after an order."""
START_VARIANCE = 0.1
STEP = 1e-4
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1."""


def fresh() -> Belief:
    """The belief about the parameters before any lesson."""
    return Belief.wide(np.array(START), prior_variance())


def prior_variance() -> Vector:
    """How sure the start is."""
    return np.full(4, START_VARIANCE)


def parameters_of(belief: Belief, usual_gap: float) -> Parameters:
    """The parameters in days, from the belief and the population's mean gap in days."""
    return _parameters([float(value) for value in belief.mean], usual_gap)


def _parameters(logs: list[float], usual_gap: float) -> Parameters:
    r = exp(logs[0])
    return r, exp(logs[1]) * r * usual_gap, exp(logs[2]), exp(logs[3])


def churn_logit(parameters: Parameters, repeats: float, active: float, age: float, horizon: float) -> float:
    """The log-odds of no order within ``horizon`` days.

    Args:
        repeats: orders after the first.
        active: days from the first order to the last.
        age: days from the first order to now.
    """
    r, alpha, _, _ = parameters
    alive = _alive(parameters, repeats, active, age)
    return _logit(alive * -expm1(-(r + repeats) * log1p(horizon / (alpha + age))))


def churn_logits(
    parameters: Parameters, repeats: float, active: float, age: float, horizon: float
) -> tuple[float, float]:
    """``churn_logit`` of the horizon and of its half."""
    r, alpha, _, _ = parameters
    shape, scale = r + repeats, alpha + age
    alive = _alive(parameters, repeats, active, age)
    whole = _logit(alive * -expm1(-shape * log1p(horizon / scale)))
    return whole, _logit(alive * -expm1(-shape * log1p(horizon / 2.0 / scale)))


def _alive(parameters: Parameters, repeats: float, active: float, age: float) -> float:
    """The chance that she still buys."""
    r, alpha, a, b = parameters
    silent = log((alpha + age) / (alpha + active)) * (r + repeats)
    return 1.0 / (1.0 + a / (b + repeats) * exp(silent if silent < 50.0 else 50.0))


def _logit(buys: float) -> float:
    buys = min(max(buys, LEAST), 1.0 - LEAST)
    return log((1.0 - buys) / buys)


def learn(
    belief: Belief, history: tuple[float, float, float], usual_gap: float, horizon: float, y: float, weight: float
) -> None:
    """One extended Kalman step, in place: the log-odds are taken as linear in the logarithms around their mean."""
    logs = [float(value) for value in belief.mean]
    here = churn_logit(_parameters(logs, usual_gap), *history, horizon)
    slope = np.array([(_shifted(logs, i, usual_gap, history, horizon) - here) / STEP for i in range(4)])
    belief.learn_linear(slope, here, y, weight)


def _shifted(logs: list[float], i: int, usual_gap: float, history: tuple[float, float, float], horizon: float) -> float:
    moved = [*logs[:i], logs[i] + STEP, *logs[i + 1 :]]
    return churn_logit(_parameters(moved, usual_gap), *history, horizon)
