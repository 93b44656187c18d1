"""Calibration: a straight line through the log-odds, learned from outcomes, applied only while it has proved to help.

The models carry a constant that follows the level by itself, and a line learned from outcomes a horizon old is
behind when the level moves (on The Complete Journey it costs 0.0004 to 0.007 of log loss). Where the models
are wrong for long, it pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import msgspec
import numpy as np

from schemas.churn import HorizonState
from streams.churn.logistic import Belief, Vector
from streams.churn.quality import Outcome, loss_of

MEMORY = 60.0
"""Days after which an outcome weighs 1/e."""
VARIANCE = 0.01
"""How sure the prior is that constant and slope are 0 and 1."""
SETTLED = 1.5
"""Horizons after a model has its first lessons: what it says until then it corrects by itself, sooner than the line."""
LEAST_GAIN = 0.005
"""Nats per outcome that the line must have saved, to be applied."""
NAME = "calibration"


def fresh() -> Belief:
    """The line that changes nothing."""
    return Belief.wide(np.array([0.0, 1.0]), _prior())


def applied(line: Belief, gain: float, log_odds: float) -> float:
    """The log-odds to act on."""
    return line.log_odds(_point(log_odds)) if gain > LEAST_GAIN else log_odds


def calibrated(state: HorizonState, line: Belief, outcomes: Sequence[Outcome], days: float) -> HorizonState:
    """The state after the outcomes of an epoch; the line learns in place."""
    keep = exp(-days / MEMORY)
    line.forget(keep, _prior(), np.zeros(2))
    if not outcomes:
        return state
    before = line.weight
    saved = sum(weight * (loss_of(z, y) - loss_of(line.log_odds(_point(z)), y)) for z, y, weight in outcomes)
    for log_odds, y, weight in outcomes:
        line.learn(_point(log_odds), y, weight)
    return msgspec.structs.replace(state, gain=(state.gain * before + saved) / line.weight)


def _prior() -> Vector:
    return np.full(2, VARIANCE)


def _point(log_odds: float) -> Vector:
    return np.array([1.0, log_odds])
