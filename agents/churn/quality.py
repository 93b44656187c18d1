"""How good predictions were, once outcomes are known."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1 in the log loss."""


class Figures(msgspec.Struct, frozen=True):
    """Quality of predictions with known outcomes."""

    points: int
    churned: float
    """Share of points after which no order came."""
    auc: float | None
    """Chance that a point that churned was scored above one that did not; none where all had the same outcome."""
    pr_auc: float | None
    """Average precision."""
    log_loss: float
    brier: float
    ece: float
    """Mean gap between predicted and observed over ten equal bins of probability, weighted by points."""


class ReliabilityBin(msgspec.Struct, frozen=True):
    """One bin of the reliability curve."""

    points: int
    predicted: float
    observed: float


def figures(p: Floats, y: Floats) -> Figures | None:
    """The figures of some points; ``None`` for none."""
    if not len(p):
        return None
    kept = np.clip(p, LEAST, 1.0 - LEAST)
    loss = -np.mean(y * np.log(kept) + (1.0 - y) * np.log(1.0 - kept))
    gaps = sum(b.points * abs(b.predicted - b.observed) for b in reliability(p, y))
    return Figures(
        points=len(p),
        churned=float(y.mean()),
        auc=auc(p, y),
        pr_auc=average_precision(p, y),
        log_loss=float(loss),
        brier=float(np.mean((p - y) ** 2)),
        ece=gaps / len(p),
    )


def reliability(p: Floats, y: Floats) -> list[ReliabilityBin]:
    """Predicted against observed, in ten equal bins of probability; empty bins are left out."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    return [
        ReliabilityBin(int(here.sum()), float(p[here].mean()), float(y[here].mean()))
        for here in (place == b for b in range(BINS))
        if here.any()
    ]


def auc(p: Floats, y: Floats) -> float | None:
    """Area under the ROC curve, ties counted half."""
    positives = float(y.sum())
    negatives = len(y) - positives
    if positives == 0.0 or negatives == 0.0:
        return None
    _, place, count = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return float((ranks[y > 0].sum() - positives * (positives + 1.0) / 2.0) / (positives * negatives))


def average_precision(p: Floats, y: Floats) -> float | None:
    """Area under the curve of precision over recall, as the mean precision at each threshold."""
    if y.sum() == 0:
        return None
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(y[order])
    last_of_tie = np.append(np.diff(p[order]) != 0, True)
    hits, seen = hits[last_of_tie], np.flatnonzero(last_of_tie) + 1
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / seen) / y.sum())
