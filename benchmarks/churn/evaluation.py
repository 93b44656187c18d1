"""Points and how predictions of them are judged."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from agents.churn.evaluate import WARM_UP, Predictions
from agents.churn.quality import LEAST, Floats, auc
from schemas.churn import Days
from schemas.times import DAY
from streams.churn.progressive import Point

DRAWS = 200


class Points(msgspec.Struct):
    """One entry per prediction point, in the order of time."""

    horizon: Days
    customer: NDArray[np.int64]
    at: NDArray[np.int64]
    ticked: NDArray[np.bool_]
    features: Floats
    history: Floats
    """Orders after the first; days from the first order to the last, and to the point."""
    y: Floats
    scored: NDArray[np.bool_]
    ours: Floats

    @property
    def mature(self) -> NDArray[np.int64]:
        """When the outcome of each point is known."""
        return self.at + self.horizon * DAY


def points_of(orders: pl.DataFrame, predictions: Predictions, y: Floats, found: list[Point], horizon: Days) -> Points:
    """The points of an evaluation."""
    first, last = int(orders["at"][0]), int(orders["at"][-1])
    known = predictions.at + horizon * DAY <= last
    _, customer = np.unique(np.array(predictions.customers), return_inverse=True)
    return Points(
        horizon=horizon,
        customer=customer.astype(np.int64),
        at=predictions.at,
        ticked=predictions.ticked,
        features=np.array([point.score.features for point in found]),
        history=np.array([point.score.history for point in found], dtype=np.float64),
        y=y,
        scored=known & (predictions.at >= first + (last - first) * WARM_UP),
        ours=predictions.p,
    )


def losses(p: Floats, y: Floats) -> Floats:
    """Log loss of each point."""
    kept = np.clip(p, LEAST, 1.0 - LEAST)
    return -(y * np.log(kept) + (1.0 - y) * np.log(1.0 - kept))


def paired_bootstrap(points: Points, ours: Floats, theirs: Floats) -> dict[str, tuple[float, float, float]]:
    """Ours minus theirs in log loss and AUC: mean and 95 % interval over resampled customers."""
    dice = np.random.default_rng(1)
    here = points.scored
    customer, y, a, b = points.customer[here], points.y[here], ours[here], theirs[here]
    order = np.argsort(customer, kind="stable")
    customer, y, a, b = customer[order], y[order], a[order], b[order]
    starts = np.flatnonzero(np.append(True, np.diff(customer) != 0))
    rows = np.split(np.arange(len(y)), starts[1:])
    gap = losses(a, y) - losses(b, y)
    loss, area = [], []
    for _ in range(DRAWS):
        drawn = np.concatenate([rows[i] for i in dice.integers(0, len(rows), len(rows))])
        loss.append(float(gap[drawn].mean()))
        area.append((auc(a[drawn], y[drawn]) or 0.5) - (auc(b[drawn], y[drawn]) or 0.5))
    return {name: _interval(values) for name, values in (("log loss", loss), ("AUC", area))}


def _interval(values: list[float]) -> tuple[float, float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
