"""Why a score is what it is, in words that somebody who cares for customers understands."""

from __future__ import annotations

from schemas.churn import Cause, ChurnState, Days, Score
from streams.churn.design import design
from streams.churn.features import NAMES
from streams.churn.reading import reading

CAUSES = {
    "rhythm": ("unlike her rhythm", ("overdue", "overdue_surely", "silence", "hazard", "second_last")),
    "complaint": ("unresolved complaint", ("unresolved", "complaints")),
    "late": ("late deliveries", ("late",)),
    "satisfaction": ("low satisfaction", ("satisfaction",)),
    "visits": ("fewer visits", ("visits",)),
    "returns": ("returned orders", ("returns",)),
    "only_one": ("never came back after the first order", ("only_one",)),
    "spend": ("smaller orders than usual", ("last_spend",)),
}
"""Code, words, and the features that speak for it."""
LEAST = 0.05
"""Smaller parts are not named."""


def causes(state: ChurnState, score: Score, horizon: Days) -> list[Cause]:
    """What raises this score, strongest first, as shares of all that raises it."""
    belief = reading(state).horizons[horizon].beliefs["main"]
    here, _ = belief.log_odds(design(score.features))
    raised = {}
    for code, (_, names) in CAUSES.items():
        without = list(score.features)
        for name in names:
            without[NAMES.index(name)] = 0.0
        raised[code] = max(here - belief.log_odds(design(without))[0], 0.0)
    total = sum(raised.values())
    if total <= 0.0:
        return []
    named = [Cause(code, CAUSES[code][0], part / total) for code, part in raised.items() if part >= LEAST * total]
    return sorted(named, key=lambda cause: (-cause.share, cause.code))
