"""Live quality: what was predicted against what happened, with a memory of three months.

AUC and calibration come from a histogram over log-odds, so that the state stays small however much is predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import msgspec

from schemas.churn import HorizonState, Quality
from streams.churn.logistic import sigmoid

MEMORY = 90.0
"""Days after which an outcome weighs 1/e."""
BINS, WIDEST = 64, 8.0
"""Bins of log-odds, from -8 to 8."""
TENTHS = 10
LEAST = 1e-6
Outcome = tuple[float, float, float]
"""Log-odds that were predicted, what happened (1 for churn), and the weight."""


def loss_of(log_odds: float, y: float) -> float:
    """Log loss of one prediction, natural logarithm."""
    p = _kept(sigmoid(log_odds))
    return -log(p if y else 1.0 - p)


def entropy(log_odds: float) -> float:
    """The log loss to expect if the prediction is right about its own doubts."""
    p = _kept(sigmoid(log_odds))
    return -p * log(p) - (1.0 - p) * log(1.0 - p)


def measured(state: HorizonState, outcomes: Sequence[Outcome], days: float) -> HorizonState:
    """The state with the figures brought forward by a time and its outcomes."""
    keep = exp(-days / MEMORY)
    bins = [[value * keep for value in row] for row in state.bins] or [[0.0, 0.0, 0.0] for _ in range(BINS)]
    sums = [value * state.quality.lessons * keep for value in (state.quality.log_loss, state.quality.brier)]
    for log_odds, y, weight in outcomes:
        p = sigmoid(log_odds)
        row = bins[_bin(log_odds)]
        row[0] += weight
        row[1] += weight * p
        row[2] += weight * y
        sums[0] += weight * loss_of(log_odds, y)
        sums[1] += weight * (p - y) ** 2
    return msgspec.structs.replace(state, bins=bins, quality=_quality(bins, sums[0], sums[1]))


def _quality(bins: list[list[float]], loss: float, brier: float) -> Quality:
    weight = sum(row[0] for row in bins)
    if weight <= 0.0:
        return Quality()
    rate = sum(row[2] for row in bins) / weight
    kept = _kept(rate)
    return Quality(
        lessons=weight,
        log_loss=loss / weight,
        base_loss=-kept * log(kept) - (1.0 - kept) * log(1.0 - kept),
        brier=brier / weight,
        rate=rate,
        auc=_auc(bins),
        calibration_error=_calibration_error(bins),
    )


def _auc(bins: list[list[float]]) -> float:
    """Chance that one who churned was scored above one who did not; within a bin, a half."""
    below = pairs = 0.0
    for weight, _, churned in bins:
        stayed = weight - churned
        pairs += churned * (below + stayed / 2.0)
        below += stayed
    churned = sum(row[2] for row in bins)
    return pairs / (churned * below) if churned * below > 0.0 else 0.5


def _calibration_error(bins: list[list[float]]) -> float:
    """Gap between predicted and observed over ten equal bins of probability (ECE)."""
    gaps, total = [0.0] * TENTHS, 0.0
    for weight, predicted, churned in bins:
        if weight > 0.0:
            gaps[min(int(predicted / weight * TENTHS), TENTHS - 1)] += predicted - churned
            total += weight
    return sum(abs(gap) for gap in gaps) / total


def _bin(log_odds: float) -> int:
    return min(max(int((log_odds + WIDEST) / (2.0 * WIDEST) * BINS), 0), BINS - 1)


def _kept(p: float) -> float:
    return min(max(p, LEAST), 1.0 - LEAST)
