"""What others use, each given the same points, and each outcome only once it was known."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import lightgbm
import numpy as np
from river import compose, linear_model, optim, preprocessing
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from agents.churn.quality import Floats
from benchmarks.churn.evaluation import Points
from schemas.times import DAY, WEEK
from streams.churn.features import NAMES

START_AFTER = 2_000
"""Known outcomes before a batch model is fitted at all; until then it says the base rate."""
LIGHTGBM = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 1000, "bagging_fraction": 0.7,
    "bagging_freq": 1, "feature_fraction": 0.5, "lambda_l2": 10.0, "max_bin": 63, "seed": 1, "num_threads": 1,
    "verbose": -1,
}  # fmt: skip
TREES = 100


def base_rate(points: Points) -> Floats:
    """The share that churned among the outcomes known."""
    order = np.argsort(points.mature, kind="stable")
    known = np.searchsorted(points.mature[order], points.at, side="right")
    churned = np.append(0.0, np.cumsum(points.y[order]))[known]
    return np.asarray((churned + 1.0) / (known + 10.0))


def recency(points: Points) -> Floats:
    """Logistic regression on the logarithm of the days since the last order."""
    silence = np.log1p(points.history[:, 2] - points.history[:, 1])
    return _river(points, silence[:, None], ["silence"], optim.AdaGrad(0.1))


def river_sgd(points: Points) -> Floats:
    """River's StandardScaler and LogisticRegression, on our features."""
    return _river(points, points.features, list(NAMES), optim.SGD(0.01))


def river_adagrad(points: Points) -> Floats:
    """The same with AdaGrad."""
    return _river(points, points.features, list(NAMES), optim.AdaGrad(0.05))


def river_ftrl(points: Points) -> Floats:
    """The same with FTRL."""
    return _river(points, points.features, list(NAMES), optim.FTRLProximal(alpha=0.05, l1=0.0, l2=0.1))


def lightgbm_weekly(points: Points) -> Floats:
    """LightGBM on our features, fitted anew each week on all outcomes known."""

    def fit(known: np.ndarray) -> Callable[[np.ndarray], Floats]:
        data = lightgbm.Dataset(points.features[known], points.y[known])
        model = lightgbm.train(LIGHTGBM, data, TREES)
        return lambda rows: np.asarray(model.predict(points.features[rows]))

    return _refitted(points, 1, fit)


def bg_nbd(points: Points) -> Floats:
    """BG/NBD (Fader, Hardie, Lee 2005), fitted by maximum likelihood each four weeks."""

    def fit(known: np.ndarray) -> Callable[[np.ndarray], Floats]:
        newest = {int(points.customer[row]): int(row) for row in known}
        histories = points.history[np.fromiter(newest.values(), dtype=np.int64)]
        found = minimize(_bg_nbd_loss, np.log([0.8, 10.0, 0.5, 3.0]), args=(histories,), method="Nelder-Mead")
        return lambda rows: _bg_nbd_churn(np.exp(found.x), points.history[rows], float(points.horizon))

    return _refitted(points, 4, fit)


def _bg_nbd_loss(logs: Floats, histories: Floats) -> float:
    r, alpha, a, b = np.exp(np.clip(logs, -8, 8))
    x, last, age = histories.T
    first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + last)
    return -float(np.mean(first + np.logaddexp(alive, np.where(x > 0, gone, -np.inf))))


def _bg_nbd_churn(parameters: Floats, histories: Floats, horizon: float) -> Floats:
    r, alpha, a, b = parameters
    x, last, age = histories.T
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + last)) ** (r + x), 0.0)
    quiet = ((alpha + age) / (alpha + age + horizon)) ** (r + x)
    return np.asarray(1.0 - (1.0 - quiet) / (1.0 + odds))


def _refitted(points: Points, weeks: int, fit: Callable[[np.ndarray], Callable[[np.ndarray], Floats]]) -> Floats:
    """A model fitted anew every so many weeks on the outcomes known, used until the next fit."""
    p = np.full(len(points.y), 0.5)
    step = weeks * WEEK
    for now in range(int(points.at[0]) // DAY * DAY, int(points.at[-1]) + 1, step):
        rows = np.flatnonzero((points.at >= now) & (points.at < now + step))
        known = np.flatnonzero(points.mature <= now)
        if len(known) < START_AFTER:
            p[rows] = points.y[known].mean() if len(known) else 0.5
        elif points.scored[rows].any():
            p[rows] = fit(known)(rows)
    return p


def _river(points: Points, features: Floats, names: list[str], optimizer: optim.base.Optimizer) -> Floats:
    """One of River's logistic regressions, prequentially."""
    model = compose.Pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression(optimizer))
    p = np.zeros(len(points.y))
    waiting: list[tuple[int, int]] = []
    mature = points.mature
    for row, now in enumerate(points.at):
        while waiting and waiting[0][0] <= now:
            old = heapq.heappop(waiting)[1]
            model.learn_one(dict(zip(names, features[old].tolist(), strict=True)), bool(points.y[old]))
        p[row] = model.predict_proba_one(dict(zip(names, features[row].tolist(), strict=True)))[True]
        heapq.heappush(waiting, (int(mature[row]), row))
    return p
