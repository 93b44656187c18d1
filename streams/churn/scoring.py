"""The probability that a customer does not order within the horizon, and how sure that is.

Two models are averaged. The direct one has learned outcomes after the whole horizon. The other has learned
outcomes after half of it, twice as soon: no order within the horizon is no order in the first half, and then
none in the second, when the same customer will have been silent for so much longer.
"""

from __future__ import annotations

from math import expm1, log, sqrt

from schemas.churn import Beside, Buying, ChurnState, Days, Score
from schemas.times import DAY, Millis
from streams.churn.calibration import applied
from streams.churn.design import Features, FeatureSet
from streams.churn.features import history
from streams.churn.logistic import Vector, averaged, log_sigmoid, sigmoid
from streams.churn.reading import HorizonReading, candidate_of, reading
from streams.churn.versions import version_of

NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a Gaussian."""
SUREST = -1e-9
"""The logarithm of the highest probability that the two halves may give."""


def score(state: ChurnState, buying: Buying, now: Millis, horizon: Days) -> Score:
    """Score a customer who has ordered at least once.

    Raises:
        KeyError: the state does not learn this horizon.
        ConfigurationRefused: it weighs features that this tend does not compute.
    """
    learned = reading(state).horizons[horizon]
    here, raw, margin = _looked(state, buying, now, horizon)
    z = applied(learned.calibration, learned.gain, raw)
    candidate = candidate_of(state)
    return Score(
        sigmoid(z),
        sigmoid(z - margin),
        sigmoid(z + margin),
        learned.trusted,
        learned.main.lessons,
        raw,
        here,
        history(buying, now),
        state.features_version,
        None if candidate is None else _beside(candidate, buying, now, horizon),
    )


def _beside(candidate: ChurnState, buying: Buying, now: Millis, horizon: Days) -> Beside:
    here, raw, _ = _looked(candidate, buying, now, horizon)
    return Beside(candidate.features_version, raw, here)


def _looked(state: ChurnState, buying: Buying, now: Millis, horizon: Days) -> tuple[Features, float, float]:
    """The features, the log-odds of no order averaged over what is believed of the weights, and their 90 % margin."""
    known, kind = reading(state), version_of(state)
    here = kind.look(known, buying, now, horizon)
    later = kind.look(known, buying, now + horizon * DAY // 2, horizon)
    return here, *_log_odds(kind, known.horizons[horizon], kind.design(here), kind.design(later))


def _log_odds(kind: FeatureSet, learned: HorizonReading, here: Vector, later: Vector) -> tuple[float, float]:
    """The log-odds and their margin; ``later`` is half a horizon later, if no order comes until then."""
    second = learned.ripe * log_sigmoid(learned.half.log_odds(later))
    second += (1.0 - learned.ripe) * _second_half(kind, here)
    quiet = min(log_sigmoid(learned.half.log_odds(here)) + second, SUREST)
    halves = quiet - log(-expm1(quiet))
    z = learned.share * learned.main.log_odds(here) + (1.0 - learned.share) * halves
    surer = learned.main if learned.main.lessons > learned.half.lessons // 2 else learned.half
    variance = surer.variance(here)
    return averaged(z, variance), NINETY * sqrt(variance)


def _second_half(kind: FeatureSet, x: Vector) -> float:
    """The logarithm of the chance of no order in the second half after none in the first, before any lesson.

    While a store is younger than the horizon nobody has been silent for so long that the half's model could know.
    """
    return min(log_sigmoid(float(kind.whole_mean @ x)) - log_sigmoid(float(kind.half_mean @ x)), 0.0)
