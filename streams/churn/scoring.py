"""The probability that a customer does not order within the horizon, and how sure that is.

Two models are averaged. The direct one has learned outcomes after the whole horizon. The other has learned
outcomes after half of it, twice as soon: no order within the horizon is no order in the first half, and then
none in the second, when the same customer will have been silent for so much longer.
"""

from __future__ import annotations

from math import expm1, log, sqrt

from schemas.churn import ChurnState, Days, PurchaseFeatures, Score
from schemas.times import DAY, Millis
from streams.churn.calibration import applied
from streams.churn.current_features import features_of
from streams.churn.feature_set import FeatureSet
from streams.churn.features import history
from streams.churn.model_view import HorizonView, view_of
from streams.churn.posterior import Vector, averaged, log_sigmoid, sigmoid

NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a Gaussian."""
SUREST = -1e-9
"""The logarithm of the highest probability that the two halves may give."""


def score(state: ChurnState, purchases: PurchaseFeatures, now: Millis, horizon: Days) -> Score:
    """Score a customer who has ordered at least once.

    Raises:
        KeyError: the state does not learn this horizon.
        ConfigurationRefused: it weighs features that this tend does not compute.
    """
    view, features = view_of(state), features_of(state)
    learned = view.horizons[horizon]
    here = features.look(view, purchases, now, horizon)
    later = features.look(view, purchases, now + horizon * DAY // 2, horizon)
    raw, margin = log_odds(features, learned, features.design(here), features.design(later))
    z = applied(learned.calibration, learned.gain, raw)
    return Score(
        sigmoid(z),
        sigmoid(z - margin),
        sigmoid(z + margin),
        learned.trusted,
        learned.main.examples,
        raw,
        here,
        history(purchases, now),
        state.features_version,
    )


def log_odds(features: FeatureSet, learned: HorizonView, here: Vector, later: Vector) -> tuple[float, float]:
    """The log-odds of no order averaged over what is believed of the weights, and their 90 % margin.

    Args:
        later: half a horizon later, if no order comes until then.
    """
    second = learned.ripe * log_sigmoid(learned.half.log_odds(later))
    second += (1.0 - learned.ripe) * _second_half(features, here)
    quiet = min(log_sigmoid(learned.half.log_odds(here)) + second, SUREST)
    halves = quiet - log(-expm1(quiet))
    z = learned.share * learned.main.log_odds(here) + (1.0 - learned.share) * halves
    surer = learned.main if learned.main.examples > learned.half.examples // 2 else learned.half
    variance = surer.variance(here)
    return averaged(z, variance), NINETY * sqrt(variance)


def _second_half(features: FeatureSet, x: Vector) -> float:
    """The logarithm of the chance of no order in the second half after none in the first, before any example.

    While a store is younger than the horizon nobody has been silent for so long that the half's model could know.
    """
    return min(log_sigmoid(float(features.whole_mean.dot(x))) - log_sigmoid(float(features.half_mean.dot(x))), 0.0)
