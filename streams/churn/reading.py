"""A learner's state made ready to read: arrays instead of bytes, curves instead of counts."""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from schemas.churn import ChurnState, HorizonState
from streams.churn.logistic import Belief
from streams.churn.repeat import START, START_VARIANCE, Parameters
from streams.churn.tables import (
    AMOUNTS,
    BINS,
    CUSTOMERS,
    DEPTHS,
    ENDED,
    FIXED,
    GAP_SQUARES,
    GAP_SUM,
    GAPS,
    ORDERS,
    REACHED,
    RHYTHMS,
)

FIRST_GUESS_GAP, FIRST_GUESS_SPREAD, FIRST_GUESS_WEIGHT = log(30.0), 1.2, 20.0
"""Before a store has gaps of its own: a month, give or take a factor of three, worth twenty gaps."""
FIRST_GUESS_HAZARD = 0.2
"""The share of gaps that ends in a half octave, before any is seen."""
HAZARD_WEIGHT = 20.0
"""A group's hazard is drawn towards that of all groups as if so many gaps had been seen."""
TENURE = "tenure"
"""Customer-days seen, kept by the learner."""


class Reading:
    """What scoring needs of a ``ChurnState``; made once for each state."""

    def __init__(self, state: ChurnState) -> None:
        table = state.tables
        gaps = table.get(GAPS, 0.0) + FIRST_GUESS_WEIGHT
        self.usual_gap = (table.get(GAP_SUM, 0.0) / FIXED + FIRST_GUESS_WEIGHT * FIRST_GUESS_GAP) / gaps
        squares = FIRST_GUESS_SPREAD**2 + FIRST_GUESS_GAP**2
        squared = (table.get(GAP_SQUARES, 0.0) / FIXED + FIRST_GUESS_WEIGHT * squares) / gaps
        self.usual_spread = sqrt(max(squared - self.usual_gap**2, 0.01))
        self.usual_amount = table.get(AMOUNTS, 0.0) / FIXED / max(table.get(ORDERS, 0.0), 1.0)
        repeats = table.get(ORDERS, 0.0) - table.get(CUSTOMERS, 0.0)
        self.usual_rate = (repeats + 1.0) / (table.get(TENURE, 0.0) + 30.0)
        self.survival = _survival(table)
        self.horizons = {h.horizon: HorizonReading(h) for h in state.horizons}


class HorizonReading:
    """The estimators of one horizon, and what is known of their quality."""

    def __init__(self, state: HorizonState) -> None:
        self.beliefs = {name: Belief.unpacked(learned) for name, learned in state.learned.items()}
        repeat = self.beliefs.get("repeat")
        self.repeat: Parameters = START
        if repeat is not None:
            self.repeat = (float(repeat.mean[0]), float(repeat.mean[1]), float(repeat.mean[2]), float(repeat.mean[3]))
        self.trusted = state.trusted


def reading(state: ChurnState) -> Reading:
    """The state made ready to read; kept with it, as a state is never changed."""
    ready = state.__dict__.get("_reading")
    if not isinstance(ready, Reading):
        ready = Reading(state)
        state.__dict__["_reading"] = ready
    return ready


def fresh_repeat() -> Belief:
    """MBG/NBD before any lesson."""
    return Belief.wide(np.array(START), np.full(4, START_VARIANCE))


def _survival(table: dict[str, float]) -> list[list[float]]:
    """Per group, the log of the chance that a gap goes beyond the start of each bin (one more than bins)."""
    overall = _overall(table)
    curves = []
    for group in range(RHYTHMS * DEPTHS):
        curve, total = [0.0], 0.0
        for b in range(BINS):
            reached, ended = table.get(REACHED[group][b], 0.0), table.get(ENDED[group][b], 0.0)
            depth = overall[group // RHYTHMS][b]
            hazard = (ended + HAZARD_WEIGHT * depth) / (reached + HAZARD_WEIGHT)
            total += log(1.0 - min(max(hazard, 1e-3), 0.98))
            curve.append(total)
        curves.append(curve)
    return curves


def _overall(table: dict[str, float]) -> list[list[float]]:
    """Hazards per depth over all rhythms."""
    rows = []
    for depth in range(DEPTHS):
        row = []
        for b in range(BINS):
            groups = range(depth * RHYTHMS, (depth + 1) * RHYTHMS)
            reached = sum(table.get(REACHED[g][b], 0.0) for g in groups)
            ended = sum(table.get(ENDED[g][b], 0.0) for g in groups)
            row.append((ended + HAZARD_WEIGHT * FIRST_GUESS_HAZARD) / (reached + HAZARD_WEIGHT))
        rows.append(row)
    return rows


def log_beyond(curve: list[float], place: float) -> float:
    """The log of the chance to go beyond a place among the bins."""
    b = int(place)
    return curve[b] + (place - b) * (curve[b + 1] - curve[b])
