"""What is known of churn before the first example."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.churn import ChurnState, Days, HorizonState
from streams.churn import calibration, mbg_nbd
from streams.churn.current_features import CURRENT
from streams.churn.feature_set import FeatureSet
from streams.churn.posterior import Posterior
from streams.churn.prior import Prior, widened


def initial_state(horizons: Sequence[Days], prior: Prior | None = None) -> ChurnState:
    """The state before anything is known of this store.

    Args:
        prior: weights learned elsewhere to start from.

    Raises:
        ValueError: a horizon lies outside 7 to 365 days.
    """
    for horizon in horizons:
        if not 7 <= horizon <= 365:
            raise ValueError(f"churn horizon {horizon} days; expected 7 to 365")
    return ChurnState(
        features_version=CURRENT.version, horizons=[_horizon(CURRENT, horizon, prior) for horizon in horizons]
    )


def _horizon(features: FeatureSet, horizon: Days, prior: Prior | None = None) -> HorizonState:
    posteriors = {
        "main": Posterior.independent(features.whole_mean, features.prior_variance),
        "half": Posterior.independent(features.half_mean, features.prior_variance),
        "repeat": mbg_nbd.prior(),
        "calibration": calibration.prior(),
    }
    if prior is not None and prior.features_version == features.version:
        for name in ("main", "half"):
            posteriors[name] = widened(prior.weights[name], posteriors[name].mean, features.prior_variance)
    return HorizonState(horizon, learned={name: posterior.packed() for name, posterior in posteriors.items()})
