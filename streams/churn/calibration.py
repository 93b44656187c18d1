"""Calibration: a straight line through the log-odds, learned from outcomes, applied only while it has proved to help.

The models carry an intercept that follows the level by itself, and a line learned from outcomes a horizon old is
behind when the level moves (on The Complete Journey it costs 0.0004 to 0.007 of log loss). Where the models
are wrong for long, it pays.
"""

from __future__ import annotations

import numpy as np

from streams.churn.posterior import Posterior

MEMORY = 60.0
"""Days after which an outcome weighs 1/e."""
VARIANCE = 0.01
"""How sure the prior is that intercept and slope are 0 and 1."""
SETTLED = 1.5
"""Horizons after a model has its first examples: its errors until then it corrects by itself, before the line."""
LEAST_GAIN = 0.005
"""Nats per outcome that the line must have saved, to be applied."""


def prior() -> Posterior:
    """The line that changes nothing."""
    return Posterior.independent(np.array([0.0, 1.0]), np.full(2, VARIANCE))


def applied(line: Posterior, gain: float, log_odds: float) -> float:
    """The log-odds to act on.

    Args:
        gain: what the line would have saved of late, in nats.
    """
    return line.log_odds(np.array([1.0, log_odds])) if gain > LEAST_GAIN else log_odds
