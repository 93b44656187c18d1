"""The parts of the model as River estimators, to compose with River's own and to be held to River's checks.

They learn by the same steps as the engine. Their state leaves and enters as plain data, never pickled.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from river import base

from schemas.churn import Learned
from streams.churn import repeat
from streams.churn.logistic import Belief, Vector, sigmoid


class Exported(msgspec.Struct, frozen=True):
    """An estimator's state as data."""

    names: list[str]
    learned: Learned


class BayesianLogistic(base.Classifier):
    """Logistic regression with a Gaussian belief of full covariance, learned by extended Kalman steps.

    Features that were never seen before join with the prior's variance; those missing count as 0.

    Args:
        prior_variance: of each weight before any lesson.
        keep: how much of what is known is still believed after a lesson (1 forgets nothing).
    """

    def __init__(self, prior_variance: float = 0.03, keep: float = 1.0) -> None:
        self.prior_variance = prior_variance
        self.keep = keep
        self._places: dict[Any, int] = {}
        self._belief = Belief.wide(np.zeros(1), np.full(1, prior_variance))

    def learn_one(self, x: dict[base.typing.FeatureName, Any], y: base.typing.ClfTarget, w: float = 1.0) -> None:
        """Take one lesson of weight ``w``."""
        self._welcome(x)
        self._belief.learn(self._vector(x), float(bool(y)), w)
        if self.keep < 1.0:
            self._belief.covariance /= self.keep**w

    def predict_proba_one(
        self, x: dict[base.typing.FeatureName, Any], **kwargs: Any
    ) -> dict[base.typing.ClfTarget, float]:
        """The probability of either outcome."""
        p = sigmoid(self._belief.log_odds(self._vector(x)))
        return {False: 1.0 - p, True: p}

    def exported(self) -> Exported:
        """The state as data."""
        return Exported([str(name) for name in self._places], self._belief.packed())

    def restore(self, exported: Exported) -> None:
        """Go on from an exported state, to the bit."""
        self._places = {name: place for place, name in enumerate(exported.names, start=1)}
        self._belief = Belief.unpacked(exported.learned)

    def _welcome(self, x: dict[base.typing.FeatureName, Any]) -> None:
        """Make room for features not seen before; in the order of their names, so that a shuffle changes nothing."""
        new = sorted((name for name in x if name not in self._places), key=str)
        if not new:
            return
        old, size = self._belief, len(self._belief.mean) + len(new)
        covariance = np.diag(np.full(size, self.prior_variance))
        covariance[: len(old.mean), : len(old.mean)] = old.covariance
        mean = np.concatenate([old.mean, np.zeros(len(new))])
        self._places.update({name: len(old.mean) + i for i, name in enumerate(new)})
        self._belief = Belief(mean, covariance, old.lessons, old.weight)

    def _vector(self, x: dict[base.typing.FeatureName, Any]) -> Vector:
        vector = np.zeros(len(self._belief.mean))
        vector[0] = 1.0
        for name, value in x.items():
            place = self._places.get(name)
            if place is not None:
                vector[place] = value
        return vector


class RepeatBuying(base.Classifier):
    """MBG/NBD whose parameters follow the lessons; true means no order within the horizon.

    It reads three features: ``repeats`` (orders after the first), ``active`` (days from the first order to the last)
    and ``age`` (days from the first order to now). A missing one counts as 0.

    Args:
        horizon: in days.
        usual_gap: days between orders in this store, roughly.
    """

    def __init__(self, horizon: float = 28.0, usual_gap: float = 30.0) -> None:
        self.horizon = horizon
        self.usual_gap = usual_gap
        self._belief = repeat.fresh()

    def learn_one(self, x: dict[base.typing.FeatureName, Any], y: base.typing.ClfTarget, w: float = 1.0) -> None:
        """Take one lesson of weight ``w``."""
        repeat.learn(self._belief, self._history(x), self.usual_gap, self.horizon, float(bool(y)), w)

    def predict_proba_one(
        self, x: dict[base.typing.FeatureName, Any], **kwargs: Any
    ) -> dict[base.typing.ClfTarget, float]:
        """The probability of either outcome."""
        parameters = repeat.parameters_of(self._belief, self.usual_gap)
        p = sigmoid(repeat.churn_logit(parameters, *self._history(x), self.horizon))
        return {False: 1.0 - p, True: p}

    def exported(self) -> Exported:
        """The state as data."""
        return Exported([], self._belief.packed())

    def restore(self, exported: Exported) -> None:
        """Go on from an exported state, to the bit."""
        self._belief = Belief.unpacked(exported.learned)

    @staticmethod
    def _history(x: dict[base.typing.FeatureName, Any]) -> tuple[float, float, float]:
        repeats, active, age = (max(float(x.get(name, 0.0)), 0.0) for name in ("repeats", "active", "age"))
        return repeats, active, max(age, active)
