"""Live quality by River's metrics: what was predicted against what happened.

Log loss, Brier score, base rate and calibration are River's running means with a memory of three months: each epoch the
weight of what they hold fades. The AUC is River's exact one over the last ``WINDOW`` outcomes, each counted once. Both
are rebuilt each epoch from plain data, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log
from typing import Any

import numpy as np
from river import metrics, stats

from schemas.churn import Monitoring, Quality, RunningMean
from streams.churn.posterior import sigmoid

MEMORY = 90.0
"""Days after which an outcome weighs 1/e."""
WINDOW = 2_000
"""Outcomes behind the AUC."""
FEWEST = 100
"""Fewer outcomes say nothing of an AUC."""
TENTHS = 10
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1 in the log loss."""
Predicted = bool | float | dict[bool, float]
"""A probability of churn, as River's metrics take it."""
Outcome = tuple[float, float, float]
"""Log-odds that were predicted, what happened (1 for churn), and the weight."""


class BrierScore(metrics.base.MeanMetric, metrics.base.BinaryMetric):
    """Mean squared difference between the probability and what happened."""

    @property
    def bigger_is_better(self) -> bool:
        """Lower is better."""
        return False

    @property
    def requires_labels(self) -> bool:
        """It looks at probabilities."""
        return False

    def _eval(self, y_true: bool, y_pred: Predicted) -> float:
        return float((_probability(y_pred) - y_true) ** 2)


class CalibrationError(metrics.base.BinaryMetric):
    """Gap between predicted and observed over ten equal bins of probability, weighted (ECE)."""

    def __init__(self) -> None:
        self.predicted = [stats.Mean() for _ in range(TENTHS)]
        self.observed = [stats.Mean() for _ in range(TENTHS)]

    @property
    def bigger_is_better(self) -> bool:
        """Lower is better."""
        return False

    @property
    def requires_labels(self) -> bool:
        """It looks at probabilities."""
        return False

    def update(self, y_true: bool, y_pred: Predicted, w: float = 1.0) -> None:
        """Take in one prediction and its outcome."""
        p = _probability(y_pred)
        tenth = min(int(p * TENTHS), TENTHS - 1)
        self.predicted[tenth].update(p, w)
        self.observed[tenth].update(float(y_true), w)

    def revert(self, y_true: bool, y_pred: Predicted, w: float = 1.0) -> None:
        """Take one back."""
        p = _probability(y_pred)
        tenth = min(int(p * TENTHS), TENTHS - 1)
        self.predicted[tenth].revert(p, w)
        self.observed[tenth].revert(float(y_true), w)

    def get(self) -> float:
        """The error; 0 before anything is known."""
        weight = sum(mean.n for mean in self.observed)
        pairs = zip(self.predicted, self.observed, strict=True)
        return sum(seen.n * abs(said.get() - seen.get()) for said, seen in pairs) / weight if weight else 0.0


class Monitor:
    """River's metrics of one horizon, made from plain data and turned into it again."""

    def __init__(self, kept: Monitoring) -> None:
        self._log_loss, self._brier, self._rate = metrics.LogLoss(), BrierScore(), _mean(kept.rate)  # type: ignore[no-untyped-call]
        self._log_loss._mean, self._brier._mean = _mean(kept.log_loss), _mean(kept.brier)
        self._calibration = CalibrationError()
        if kept.calibration:
            self._calibration.predicted = [_mean(said) for said, _ in kept.calibration]
            self._calibration.observed = [_mean(seen) for _, seen in kept.calibration]
        self._scores = np.frombuffer(kept.scores, dtype="<f4").tolist()
        self._churned = list(kept.churned)

    def fade(self, days: float) -> None:
        """Let days pass."""
        keep = exp(-days / MEMORY)
        for mean in self._means():
            mean.n *= keep

    def update(self, outcomes: Iterable[Outcome]) -> None:
        """Take in predictions whose outcome is known by now."""
        for log_odds, y, weight in outcomes:
            p = _kept(sigmoid(log_odds))
            for metric in (self._log_loss, self._brier, self._calibration):
                metric.update(bool(y), p, weight)
            self._rate.update(y, weight)
            self._scores.append(log_odds)
            self._churned.append(int(y))

    def exported(self) -> Monitoring:
        """The state as plain data."""
        said, seen = self._calibration.predicted, self._calibration.observed
        return Monitoring(
            log_loss=_running(self._log_loss._mean),
            brier=_running(self._brier._mean),
            rate=_running(self._rate),
            calibration=[(_running(a), _running(b)) for a, b in zip(said, seen, strict=True)],
            scores=np.array(self._scores[-WINDOW:], dtype="<f4").tobytes(),
            churned=bytes(self._churned[-WINDOW:]),
        )

    def quality(self, before: Quality) -> Quality:
        """The figures; with few outcomes in its window the AUC stays as it was before."""
        if self._rate.n <= 0.0:
            return Quality()
        rate = self._rate.get()
        return Quality(
            examples=self._rate.n,
            log_loss=float(self._log_loss._mean.get()),
            base_loss=entropy_of(rate),
            brier=float(self._brier._mean.get()),
            rate=rate,
            auc=before.auc if len(self._churned) < FEWEST else self._auc(),
            calibration_error=self._calibration.get(),
        )

    def _auc(self) -> float:
        scores, churned = self._scores[-WINDOW:], self._churned[-WINDOW:]
        if len(set(churned)) < 2:
            return 0.5
        metric = metrics.RollingROCAUC(window_size=WINDOW)
        for y, score in zip(churned, np.array(scores, dtype="<f4").tolist(), strict=True):
            metric.update(y, score)
        return float(metric.get())

    def _means(self) -> Sequence[Any]:
        calibration = self._calibration
        return [self._log_loss._mean, self._brier._mean, self._rate, *calibration.predicted, *calibration.observed]


def loss_of(log_odds: float, y: float) -> float:
    """Log loss of one prediction, natural logarithm."""
    p = _kept(sigmoid(log_odds))
    return -log(p if y else 1.0 - p)


def entropy(log_odds: float) -> float:
    """The log loss to expect if the prediction is right about its own doubts."""
    return entropy_of(sigmoid(log_odds))


def entropy_of(p: float) -> float:
    """The log loss of always saying ``p`` where that is the share."""
    p = _kept(p)
    return -p * log(p) - (1.0 - p) * log(1.0 - p)


def _probability(y_pred: Predicted) -> float:
    return y_pred.get(True, 0.0) if isinstance(y_pred, dict) else float(y_pred)


def _mean(kept: RunningMean) -> stats.Mean:
    return stats.Mean._from_state(kept.weight, kept.mean)


def _running(mean: stats.Mean) -> RunningMean:
    return RunningMean(mean.n, mean.get())


def _kept(p: float) -> float:
    return min(max(p, LEAST), 1.0 - LEAST)
