"""What is known of churn before the first lesson."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.churn import ChurnState, Days, HorizonState
from streams.churn import calibration, repeat
from streams.churn.design import FeatureSet
from streams.churn.logistic import Belief
from streams.churn.prior import Prior, widened
from streams.churn.versions import newest


def begin(horizons: Sequence[Days], prior: Prior | None = None) -> ChurnState:
    """The state before anything is known of this store.

    Args:
        prior: weights learned elsewhere to start from.

    Raises:
        ValueError: a horizon lies outside 7 to 365 days.
    """
    for horizon in horizons:
        if not 7 <= horizon <= 365:
            raise ValueError(f"churn horizon {horizon} days; expected 7 to 365")
    kind = newest()
    return ChurnState(
        features_version=kind.version, horizons=[fresh_horizon(kind, horizon, prior) for horizon in horizons]
    )


def fresh_horizon(kind: FeatureSet, horizon: Days, prior: Prior | None = None) -> HorizonState:
    """One horizon before its first lesson, for the features of this version."""
    beliefs = {
        "main": Belief.wide(kind.whole_mean, kind.prior_variance),
        "half": Belief.wide(kind.half_mean, kind.prior_variance),
        "repeat": repeat.fresh(),
        calibration.NAME: calibration.fresh(),
    }
    if prior is not None and prior.features_version == kind.version:
        for name in ("main", "half"):
            beliefs[name] = widened(prior.weights[name], beliefs[name].mean, kind.prior_variance)
    return HorizonState(horizon, learned={name: belief.packed() for name, belief in beliefs.items()})
