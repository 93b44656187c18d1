"""Why a score is what it is, in words that somebody who cares for customers understands."""

from __future__ import annotations

from schemas.churn import ChurnState, Days, Explanation, Score
from streams.churn.current_features import features_of
from streams.churn.feature_set import FeatureSet
from streams.churn.model_view import view_of

CAUSES = {
    "rhythm": (
        "quiet for longer than usual",
        (
            "silence",
            "fresh_silence",
            "overdue",
            "surely_overdue",
            "pace_week",
            "pace_month",
            "pace_2",
            "pace_3",
            "similar_gaps",
            "own_gaps",
            "own_gaps_half",
            "repeat",
            "repeat_half",
        ),
    ),
    "complaint": ("unresolved complaint", ("unresolved", "complaints")),
    "late": ("late deliveries", ("late",)),
    "satisfaction": ("low satisfaction", ("satisfaction",)),
    "visits": ("fewer visits", ("visits",)),
    "returns": ("returned orders", ("returns",)),
    "only_one": ("never came back after the first order", ("orders",)),
    "spend": ("smaller orders than usual", ("last_spend",)),
}
"""Code, words, and the features that speak for it."""
LEAST = 0.05
"""Smaller parts are not named."""


def explanations(state: ChurnState, score: Score, horizon: Days) -> list[Explanation]:
    """What raises this score, strongest first, as shares of all that raises it."""
    learned, kind = view_of(state).horizons[horizon], features_of(state)

    def risk(features: tuple[float, ...]) -> float:
        x = kind.design(features)
        return learned.share * learned.main.log_odds(x) + (1.0 - learned.share) * learned.half.log_odds(x)

    here = risk(score.features)
    raised = {code: max(here - risk(_without(kind, score.features, names)), 0.0) for code, (_, names) in CAUSES.items()}
    if score.history[0]:
        raised["only_one"] = 0.0
    if score.features[kind.names.index("overdue")] <= 0.0:
        raised["rhythm"] = 0.0  # silent for no longer than usual: the rhythm is what it was
    total = sum(raised.values())
    if total <= 0.0:
        return []
    named = [Explanation(code, CAUSES[code][0], part / total) for code, part in raised.items() if part >= LEAST * total]
    return sorted(named, key=lambda found: (-found.share, found.code))


def _without(kind: FeatureSet, features: tuple[float, ...], names: tuple[str, ...]) -> tuple[float, ...]:
    """The same customer, unremarkable in these."""
    return tuple(0.0 if name in names else value for name, value in zip(kind.names, features, strict=True))
