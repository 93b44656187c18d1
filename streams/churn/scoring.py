"""The probability that a customer does not order within the horizon, and how sure that is."""

from __future__ import annotations

from math import sqrt

from schemas.churn import Buying, ChurnState, Days, Score
from schemas.times import Millis
from streams.churn.design import design
from streams.churn.features import features
from streams.churn.logistic import PROBIT, sigmoid
from streams.churn.reading import reading

NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a Gaussian."""


def score(state: ChurnState, buying: Buying, now: Millis, horizon: Days) -> Score:
    """Score a customer who has ordered at least once.

    Raises:
        KeyError: the state does not learn this horizon.
    """
    learned = reading(state).horizons[horizon]
    looks = features(state, buying, now, horizon)
    belief = learned.beliefs["main"]
    z, variance = belief.log_odds(design(looks))
    margin = NINETY * sqrt(variance)
    p = sigmoid(z / sqrt(1.0 + PROBIT * variance))
    return Score(p, sigmoid(z - margin), sigmoid(z + margin), learned.trusted, belief.lessons, looks)
