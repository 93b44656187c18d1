"""MBG/NBD: when a customer buys again, and whether she still does, from three numbers.

Batislam, Denizel, Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis": while alive she buys at her own steady rate (gamma over customers); after each order, the first
too, she leaves for good with her own probability (beta over customers). Four parameters, known from the first day as a
prior, and moved by an extended Kalman step with each lesson.
"""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
from numpy.typing import NDArray

Parameters = tuple[float, float, float, float]
"""Natural logarithms of r, alpha (days), a, b."""

START: Parameters = (log(0.8), log(20.0), log(0.6), log(2.4))
"""Rates around one order a month with wide differences, one in five leaving after an order."""
START_VARIANCE = 0.5
STEP = 1e-4


def churn_logit(parameters: Parameters, repeats: int, last: float, age: float, horizon: float) -> float:
    """The log-odds of no order within ``horizon`` days.

    Args:
        repeats: orders after the first.
        last: days from the first order to the last.
        age: days from the first order to now.
    """
    r, alpha, a, b = exp(parameters[0]), exp(parameters[1]), exp(parameters[2]), exp(parameters[3])
    shape = r + repeats
    silent = log((alpha + age) / (alpha + last)) * shape
    alive = 1.0 / (1.0 + a / (b + repeats) * exp(min(silent, 50.0)))
    quiet = -shape * log1p(horizon / (alpha + age))
    buys = alive * -np.expm1(quiet)
    buys = min(max(float(buys), 1e-9), 1.0 - 1e-9)
    return log((1.0 - buys) / buys)


def slope(parameters: Parameters, repeats: int, last: float, age: float, horizon: float) -> NDArray[np.float64]:
    """The derivative of ``churn_logit`` by each parameter, by differences."""
    here = churn_logit(parameters, repeats, last, age, horizon)
    moved = []
    for i in range(4):
        r, alpha, a, b = (value + STEP * (i == j) for j, value in enumerate(parameters))
        moved.append((churn_logit((r, alpha, a, b), repeats, last, age, horizon) - here) / STEP)
    return np.array(moved)
