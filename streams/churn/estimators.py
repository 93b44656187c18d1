"""The estimators of the churn model, in River's terms: they learn by ``learn_one``, one example at a time.

What an estimator has learned is its mutable attribute ``posterior``. Learning a batch at a time (``learn_many``) is not
offered: each step depends on the one before, and River's batches need pandas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations_with_replacement
from operator import itemgetter, mul
from typing import Any

import numpy as np
from river import base
from scipy.linalg.blas import daxpy, dsymv, dsyr

from streams.churn import mbg_nbd
from streams.churn.posterior import Posterior, Vector, averaged, sigmoid

Features = dict[base.typing.FeatureName, Any]
Probabilities = dict[base.typing.ClfTarget, float]
LEAST_INFORMATION = 1e-4
"""An example that was certain still says this much, so that a posterior cannot lock itself."""


class InteractionFeatures(base.Transformer):
    """The named features, and the products of the key ones with each other and themselves.

    Missing features count as 0; others are left out.

    Args:
        names: the features, at least two.
        keys: those whose products are added, at least two.
    """

    def __init__(self, names: Sequence[str] = ("a", "b"), keys: Sequence[str] = ("a", "b")) -> None:
        self.names = names
        self.keys = keys
        pairs = list(combinations_with_replacement([list(names).index(key) for key in keys], 2))
        self._pick = itemgetter(*names)
        self._left, self._right = itemgetter(*(a for a, _ in pairs)), itemgetter(*(b for _, b in pairs))
        self._made = (*names, *(f"{names[a]} * {names[b]}" for a, b in pairs))

    @property
    def made(self) -> tuple[str, ...]:
        """The names of what comes out."""
        return self._made

    def transform_one(self, x: Features) -> Features:
        """The features and their products."""
        try:
            values = self._pick(x)
        except KeyError:
            values = tuple(x.get(name, 0.0) for name in self.names)
        products = map(mul, self._left(values), self._right(values))
        return dict(zip(self._made, chain(values, products), strict=True))


class BayesianLogisticRegression(base.Classifier):
    """Logistic regression with a Gaussian posterior of full covariance, learned by extended Kalman steps.

    Features without a prior join when they are first seen; those missing count as 0.

    Args:
        intercept: mean and variance of the intercept before any example.
        priors: mean and variance of weights before any example, by feature.
        prior_variance: of the weights of all other features, whose mean is 0.
        process_noise: variance that the intercept gains each day: a level moves faster than its reasons.
    """

    def __init__(
        self,
        intercept: tuple[float, float] = (0.0, 0.03),
        priors: Mapping[str, tuple[float, float]] | None = None,
        prior_variance: float = 0.03,
        process_noise: float = 0.0,
    ) -> None:
        self.intercept = intercept
        self.priors = priors
        self.prior_variance = prior_variance
        self.process_noise = process_noise
        known = priors or {}
        means, self._prior = np.array([intercept, *known.values()], dtype=np.float64).T.copy()
        self._names: list[base.typing.FeatureName] = [*known]
        self._places = {name: i for i, name in enumerate(self._names, start=1)}
        self.posterior = Posterior.independent(means, self._prior)

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"posterior"}

    @property
    def posterior(self) -> Posterior:
        """What was learned, the intercept first, then the features in the order in which they joined."""
        upper = np.triu(self._covariance)
        return Posterior(self._mean.copy(), upper + np.triu(upper, 1).T, self._examples, self._weight)

    @posterior.setter
    def posterior(self, posterior: Posterior) -> None:
        if len(posterior.mean) != 1 + len(self._places):
            raise ValueError(f"a posterior of {len(posterior.mean)} weights; expected {1 + len(self._places)}")
        self._mean = np.array(posterior.mean, dtype=np.float64)
        # BLAS works in place on columns; only the upper triangle is kept up to date.
        self._covariance = np.array(posterior.covariance, dtype=np.float64, order="F")
        self._examples, self._weight = posterior.examples, posterior.weight

    def learn_one(self, x: Features, y: base.typing.ClfTarget, w: float = 1.0) -> None:
        """Take one example of weight ``w``."""
        if not (in_order := [*x] == self._names):
            self._welcome(x)
        vector = self._vector(x, in_order=in_order)
        self._step(vector, float(self._mean @ vector), float(bool(y)), w)

    def predict_proba_one(self, x: Features, **kwargs: Any) -> Probabilities:
        """The probability of either outcome."""
        return probabilities_of(sigmoid(self.log_odds_one(x)))

    def log_odds_one(self, x: Features) -> float:
        """The mean of the log-odds."""
        return float(self._mean @ self._vector(x, in_order=[*x] == self._names))

    def forget(self, keep: float, days: float) -> None:
        """Let days pass: of what is known the part ``keep`` stays, the rest goes back to the prior's variance.

        What was never seen stays as unsure as the prior, and no more.
        """
        upper = np.triu(self._covariance)
        precision = np.linalg.inv(upper + np.triu(upper, 1).T) * keep
        precision[np.diag_indices_from(precision)] += (1.0 - keep) / self._prior
        covariance = np.linalg.inv(precision)
        covariance = (covariance + covariance.T) / 2.0
        covariance[0, 0] += self.process_noise * days
        self._covariance = np.asfortranarray(covariance)
        self._weight *= keep

    def _step(self, slope: Vector, log_odds: float, y: float, w: float) -> None:
        """One example of a model whose log-odds are linear around the mean, with this slope."""
        gain = dsymv(1.0, self._covariance, slope)
        variance = float(gain @ slope)
        p = sigmoid(averaged(log_odds, variance))
        information = max(p * (1.0 - p), LEAST_INFORMATION) * w
        shrink = 1.0 + information * variance
        daxpy(gain, self._mean, a=w * (y - p) / shrink)
        dsyr(-information / shrink, gain, a=self._covariance, overwrite_a=1)
        self._examples += 1
        self._weight += w

    def _welcome(self, x: Features) -> None:
        """Make room for features not seen before; in the order of their names, so that a shuffle changes nothing."""
        if x.keys() <= self._places.keys():
            return
        new = sorted((name for name in x if name not in self._places), key=str)
        old, size = self.posterior, len(self._mean)
        covariance = np.diag(np.full(size + len(new), self.prior_variance))
        covariance[:size, :size] = old.covariance
        self._prior = np.concatenate([self._prior, np.full(len(new), self.prior_variance)])
        self._names += new
        self._places.update({name: size + i for i, name in enumerate(new)})
        mean = np.concatenate([old.mean, np.zeros(len(new))])
        self.posterior = Posterior(mean, covariance, old.examples, old.weight)

    def _vector(self, x: Features, *, in_order: bool) -> Vector:
        if in_order:
            return np.fromiter((1.0, *x.values()), np.float64, 1 + len(x))
        vector = np.zeros(len(self._mean))
        vector[0] = 1.0
        for name, value in x.items():
            place = self._places.get(name)
            if place is not None:
                vector[place] = value
        return vector


class RepeatPurchases(BayesianLogisticRegression):
    """MBG/NBD whose parameters follow the examples; true means no order within the horizon.

    It reads three features: ``frequency`` (orders after the first), ``recency`` (days from the first order to the
    last) and ``tenure`` (days from the first order to now). A missing one counts as 0.

    Args:
        horizon: in days.
        usual_gap: days between orders in this store, roughly.
    """

    def __init__(self, horizon: float = 28.0, usual_gap: float = 30.0) -> None:
        start = list(zip(mbg_nbd.START, mbg_nbd.prior_variance().tolist(), strict=True))
        super().__init__(start[0], {str(i): moments for i, moments in enumerate(start[1:], start=1)})
        self.horizon = horizon
        self.usual_gap = usual_gap

    def learn_one(self, x: Features, y: base.typing.ClfTarget, w: float = 1.0) -> None:
        """Take one example of weight ``w``: the log-odds are linear in the logarithms of the parameters, nearby."""
        here, slope = mbg_nbd.linearised(self._mean.tolist(), self._history(x), self.usual_gap, self.horizon)
        self._step(slope, here, float(bool(y)), w)

    def log_odds_one(self, x: Features) -> float:
        """The log-odds at the mean of the parameters."""
        parameters = mbg_nbd.parameters_of(self._mean, self.usual_gap)
        return mbg_nbd.churn_logit(parameters, *self._history(x), self.horizon)

    @staticmethod
    def _history(x: Features) -> tuple[float, float, float]:
        frequency, recency, tenure = (max(float(x.get(name, 0.0)), 0.0) for name in mbg_nbd.READS)
        return frequency, recency, max(tenure, recency)


def probabilities_of(p: float) -> Probabilities:
    """Of either outcome, as River tells them."""
    return {False: 1.0 - p, True: p}
