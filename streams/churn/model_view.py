"""A learner's state made ready to read: arrays instead of bytes, curves instead of counts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import accumulate, pairwise
from math import log

from schemas.churn import ChurnState, HorizonState
from streams.churn.mbg_nbd import Parameters, parameters_of
from streams.churn.population_stats import (
    AGES,
    AMOUNTS,
    CUSTOMERS,
    ENDED,
    EXPOSURE,
    FIRST_ORDERS,
    FIXED,
    GROUPS,
    LOG_ORDERS,
    ORDERS,
    REACHED,
    gap_of,
)
from streams.churn.posterior import Posterior
from streams.churn.purchase_features import BINS, days_at

FIRST_GUESS_GAP, FIRST_GUESS_ORDERS = 30.0, 1.0
"""Before a store has repeat orders of its own: one each month, worth one order."""
GUESS_SHAPE, GUESS_SHAPE_LIKE = 0.8, 1.5
"""Before any gap is seen, gaps are as if customers bought at steady rates that are gamma distributed with this shape:
around the population's mean, and less widely around that of a group of like rhythm."""
FIRST_GUESS_GAPS = 1.0
"""That guess is worth so many gaps of the population."""
HAZARD_WEIGHT = 20.0
"""A group's hazard is drawn towards the mean of its guess and all groups' hazard as if so many gaps had been seen."""
HIGHEST_HAZARD = 0.98
_EDGES = [days_at(b) for b in range(BINS + 1)]
YOUNG = 500.0
"""Weight of examples after the whole horizon at which half of the trust is in what was learned."""


class ModelView:
    """What scoring needs of a ``ChurnState``; made once for each state."""

    def __init__(self, state: ChurnState) -> None:
        table = state.tables
        customers = table.get(CUSTOMERS, 0.0)
        repeats = max(table.get(ORDERS, 0.0) - table.get(FIRST_ORDERS, 0.0), 0.0)
        exposure = table.get(EXPOSURE, 0.0) + FIRST_GUESS_ORDERS * FIRST_GUESS_GAP
        self.usual_gap = exposure / (repeats + FIRST_GUESS_ORDERS)
        """Mean days between orders, over all customers and all their days."""
        self.usual_amount = table.get(AMOUNTS, 0.0) / FIXED / max(table.get(ORDERS, 0.0), 1.0)
        self.usual_age = (table.get(AGES, 0.0) + 1.0) / (customers + 1.0)
        """Mean days since a customer's first order."""
        self.usual_orders = table.get(LOG_ORDERS, 0.0) / FIXED / (customers + 1.0)
        """Mean of the logarithm of orders per customer."""
        self.hazards = _hazards(table, self.usual_gap)
        self._beyond = [_log_beyond(hazards) for hazards in self.hazards]
        self.horizons = {h.horizon: HorizonView.of(h, self.usual_gap) for h in state.horizons}

    def beyond(self, group: int, place: float) -> float:
        """The log of the chance that a gap of this group goes beyond a place among the bins."""
        curve, b = self._beyond[group], int(place)
        return curve[b] + (place - b) * (curve[b + 1] - curve[b])


class HorizonView:
    """The posteriors of one horizon, and what is known of their quality.

    Args:
        gain: what calibration has saved of late, in nats.
        trusted: whether it may be acted on without a person.
    """

    def __init__(self, posteriors: Mapping[str, Posterior], usual_gap: float, gain: float, *, trusted: bool) -> None:
        self.main, self.half = posteriors["main"], posteriors["half"]
        self.repeat: Parameters = parameters_of(posteriors["repeat"].mean, usual_gap)
        self.ripe = self.main.weight / (self.main.weight + YOUNG)
        """How far the whole horizon has been seen: until then, MBG/NBD stands in for its second half."""
        grown = (self.main.weight + 1.0) / (self.main.weight + self.half.weight + 2.0)
        self.share = self.ripe * grown + (1.0 - self.ripe) / 2.0
        """How much the direct model counts beside the two halves: in the end as its share of the examples."""
        self.calibration, self.gain, self.trusted = posteriors["calibration"], gain, trusted

    @classmethod
    def of(cls, state: HorizonState, usual_gap: float) -> HorizonView:
        """The view of what the learner exported."""
        posteriors = {name: Posterior.unpacked(learned) for name, learned in state.learned.items()}
        return cls(posteriors, usual_gap, state.gain, trusted=state.trusted)


def view_of(state: ChurnState) -> ModelView:
    """The state made ready to read; kept with it, as a state is never changed."""
    ready = state.__dict__.get("_view")
    if not isinstance(ready, ModelView):
        ready = state.__dict__["_view"] = ModelView(state)
    return ready


def _hazards(table: dict[str, float], usual_gap: float) -> list[list[float]]:
    """Per group and bin, the share of the gaps that reached the bin and ended in it."""
    overall = []
    for b, guess in enumerate(_guess(usual_gap, GUESS_SHAPE)):
        reached = sum(table.get(REACHED[g][b], 0.0) for g in range(GROUPS))
        ended = sum(table.get(ENDED[g][b], 0.0) for g in range(GROUPS))
        overall.append((ended + FIRST_GUESS_GAPS * guess) / (reached + FIRST_GUESS_GAPS))
    return [
        [_hazard(table, group, b, (overall[b] + guess) / 2.0) for b, guess in enumerate(_guesses_like()[group])]
        for group in range(GROUPS)
    ]


def _guess(mean_gap: float, shape: float) -> list[float]:
    """Hazards of gaps at steady rates that are gamma distributed over customers (Lomax, or Pareto II)."""
    beyond = [(1.0 + days / (shape * mean_gap)) ** -shape for days in _EDGES]
    return [1.0 - later / sooner for sooner, later in pairwise(beyond)]


@cache
def _guesses_like() -> list[list[float]]:
    return [_guess(gap_of(group), GUESS_SHAPE_LIKE) for group in range(GROUPS)]


def _log_beyond(hazards: list[float]) -> list[float]:
    """The log of the chance to go beyond the start of each bin, and beyond the last."""
    return list(accumulate((log(1.0 - hazard) for hazard in hazards), initial=0.0))


def _hazard(table: dict[str, float], group: int, b: int, guess: float) -> float:
    reached, ended = table.get(REACHED[group][b], 0.0), table.get(ENDED[group][b], 0.0)
    return min((ended + HAZARD_WEIGHT * guess) / (reached + HAZARD_WEIGHT), HIGHEST_HAZARD)
