"""The churn model: River estimators, composed of what was learned after a whole horizon and after its half.

``ChurnClassifier`` is composed of two pipelines, ``InteractionFeatures | BayesianLogisticRegression``, of
``RepeatPurchases`` and of a line of calibration. What they have learned leaves by ``exported`` and comes back by
River's ``mutate``. Workers score with the exported posteriors (``streams.churn.scoring``), without River, whose
import takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from river import base, compose

from schemas.churn import Days, Learned
from streams.churn import calibration, mbg_nbd
from streams.churn.current_features import CURRENT
from streams.churn.estimators import (
    BayesianLogisticRegression,
    Features,
    InteractionFeatures,
    Probabilities,
    RepeatPurchases,
    probabilities_of,
)
from streams.churn.feature_set import FeatureSet
from streams.churn.model_view import HorizonView
from streams.churn.pending_labels import WHOLE
from streams.churn.posterior import Posterior, Vector, sigmoid
from streams.churn.scoring import log_odds

LATER = "later."
"""Before the names of the features as they will be half a horizon later, if no order comes until then."""


class ChurnClassifier(base.Classifier):
    """Churn within one horizon: what was learned after the whole of it and after its half, averaged, calibrated.

    Its parts are ``whole`` and ``half``, pipelines over the features; ``repeat``, which learns the outcomes after the
    half from frequency, recency and tenure; and ``line``, the line of calibration. ``gain`` is what the line would have
    saved of late, in nats; it is applied while that is enough.

    Args:
        features: what the pipelines look at.
        horizon: in days.
        usual_gap: days between orders in this store, roughly.
    """

    def __init__(self, features: FeatureSet, horizon: Days = 28, usual_gap: float = 30.0) -> None:
        self.features = features
        self.horizon = horizon
        self.usual_gap = usual_gap
        self.whole = _pipeline(features, features.whole_mean)
        self.half = _pipeline(features, features.half_mean)
        self.repeat = RepeatPurchases(horizon / 2.0, usual_gap)
        variance = calibration.VARIANCE
        self.line = BayesianLogisticRegression((0.0, variance), {"log_odds": (1.0, variance)})
        self.gain = 0.0

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"features": CURRENT}

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"gain"}

    def learn_one(self, x: Features, y: base.typing.ClfTarget, w: float = 1.0, part: int = WHOLE) -> None:
        """Take one outcome of weight ``w``: after the whole horizon, or (``part`` ``HALF``) after its half."""
        if part == WHOLE:
            self.whole.learn_one(x, y, w=w)
            return
        self.half.learn_one(x, y, w=w)
        if mbg_nbd.READS[0] in x:
            self.repeat.learn_one(x, y, w=w)

    def predict_proba_one(self, x: Features, **kwargs: Any) -> Probabilities:
        """The probability of either outcome, by the formula that workers score with.

        The features half a horizon later bear the same names after ``LATER``; a missing one stays as it is now.
        """
        view = HorizonView(self.posteriors(), self.usual_gap, self.gain, trusted=False)
        here = [float(x.get(name, 0.0)) for name in self.features.names]
        later = [float(x.get(LATER + name, value)) for name, value in zip(self.features.names, here, strict=True)]
        z, _ = log_odds(self.features, view, self.features.design(here), self.features.design(later))
        return probabilities_of(sigmoid(calibration.applied(view.calibration, self.gain, z)))

    def forget(self, keep: float, days: float) -> None:
        """Let days pass; see ``BayesianLogisticRegression.forget``. The line has a memory of its own."""
        for estimator in (_last(self.whole), _last(self.half), self.repeat):
            estimator.forget(keep, days)

    def posteriors(self) -> dict[str, Posterior]:
        """What was learned, by the name of the estimator."""
        return {name: estimator.posterior for name, estimator in self._estimators().items()}

    def exported(self) -> dict[str, Learned]:
        """The same as data."""
        return {name: posterior.packed() for name, posterior in self.posteriors().items()}

    def restore(self, learned: Mapping[str, Learned]) -> None:
        """Go on from an export, to the bit.

        Raises:
            ValueError: it has another number of weights.
        """
        for name, estimator in self._estimators().items():
            estimator.mutate({"posterior": Posterior.unpacked(learned[name])})

    def _estimators(self) -> dict[str, BayesianLogisticRegression]:
        return {"main": _last(self.whole), "half": _last(self.half), "repeat": self.repeat, "calibration": self.line}


def _pipeline(features: FeatureSet, mean: Vector) -> compose.Pipeline:
    interactions = InteractionFeatures(features.names, features.keys)
    moments = list(zip(mean.tolist(), features.prior_variance.tolist(), strict=True))
    priors = dict(zip(interactions.made, moments[1:], strict=True))
    return interactions | BayesianLogisticRegression(moments[0], priors, process_noise=features.process_noise)


def _last(pipeline: compose.Pipeline) -> BayesianLogisticRegression:
    estimator = list(pipeline.steps.values())[-1]
    assert isinstance(estimator, BayesianLogisticRegression)
    return estimator
