"""The probability that a customer does not order within the horizon, and how sure that is.

Two models are averaged. The direct one has learned outcomes after the whole horizon. The other has learned
outcomes after half of it, twice as soon: no order within the horizon is no order in the first half, and then
none in the second, when the same customer will have been silent for so much longer.
"""

from __future__ import annotations

from math import expm1, log, sqrt

from schemas.churn import Buying, ChurnState, Days, Score
from schemas.times import DAY, Millis
from streams.churn.calibration import applied
from streams.churn.design import design
from streams.churn.features import NAMES, features, history
from streams.churn.logistic import log_sigmoid, sigmoid
from streams.churn.reading import HorizonReading, reading

REPEAT = (NAMES.index("repeat"), NAMES.index("repeat_half"))
NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a Gaussian."""
SUREST = -1e-9
"""The logarithm of the highest probability that the two halves may give."""


def score(state: ChurnState, buying: Buying, now: Millis, horizon: Days) -> Score:
    """Score a customer who has ordered at least once.

    Raises:
        KeyError: the state does not learn this horizon.
    """
    learned = reading(state).horizons[horizon]
    here = features(state, buying, now, horizon)
    later = features(state, buying, now + horizon * DAY // 2, horizon)
    raw, margin = log_odds(learned, here, later)
    z = applied(learned.calibration, learned.gain, raw)
    return Score(
        sigmoid(z),
        sigmoid(z - margin),
        sigmoid(z + margin),
        learned.trusted,
        learned.main.lessons,
        raw,
        here,
        history(buying, now),
    )


def log_odds(learned: HorizonReading, here: tuple[float, ...], later: tuple[float, ...]) -> tuple[float, float]:
    """The log-odds of no order, and the 90 % margin around them.

    Args:
        later: the features of half a horizon later, if no order comes until then.
    """
    x = design(here)
    second = learned.ripe * log_sigmoid(learned.half.log_odds(design(later)))
    second += (1.0 - learned.ripe) * _second_half(here)
    quiet = min(log_sigmoid(learned.half.log_odds(x)) + second, SUREST)
    halves = quiet - log(-expm1(quiet))
    z = learned.share * learned.main.log_odds(x) + (1.0 - learned.share) * halves
    surer = learned.main if learned.main.lessons > learned.half.lessons // 2 else learned.half
    return z, NINETY * sqrt(surer.variance(x))


def _second_half(here: tuple[float, ...]) -> float:
    """The logarithm of MBG/NBD's chance of no order in the second half after none in the first.

    While a store is younger than the horizon nobody has been silent for so long that the half's model could know.
    """
    whole, half = (2.0 * (here[place] - 1.0) for place in REPEAT)
    return min(log_sigmoid(whole) - log_sigmoid(half), 0.0)
