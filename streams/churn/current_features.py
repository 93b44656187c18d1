"""The features that this tend computes, and the refusal of weights of others."""

from __future__ import annotations

from math import exp, log

from schemas.churn import ChurnState
from schemas.errors import ConfigurationRefused
from streams.churn.feature_set import FeatureSet
from streams.churn.features import FRESH, NAMES, OPEN, look, surely_overdue

_SILENCE, _FRESH, _OVERDUE, _SURELY, _IRREGULAR = (
    NAMES.index(name) for name in ("silence", "fresh_silence", "overdue", "surely_overdue", "irregular")
)


def _derive(values: list[float]) -> None:
    values[_SURELY] = surely_overdue(values[_OVERDUE], exp(values[_IRREGULAR] / 2.0))
    values[_SILENCE] = log(max(exp(2.0 * values[_FRESH]) - FRESH, 0.0) + OPEN)


CURRENT = FeatureSet(
    version=1,
    names=NAMES,
    keys=(
        "overdue",
        "irregular",
        "pace_month",
        "pace_season",
        "pace_3",
        "pace_ever",
        "age",
        "spend",
        "similar_gaps",
        "own_gaps",
    ),
    # MBG/NBD knows from the first day that some never come back, and is too sure of it where few do; tables of gaps
    # follow the store at once, and know little of lengths that nobody has reached.
    whole=("repeat", "own_gaps"),
    half=("repeat_half", "own_gaps_half"),
    look=look,
    derived=("silence", "surely_overdue"),
    derive=_derive,
)


def features_of(state: ChurnState) -> FeatureSet:
    """The features that a state weighs.

    Raises:
        ConfigurationRefused: this tend does not compute them.
    """
    if state.features_version != CURRENT.version:
        raise ConfigurationRefused(
            f"The almanac's churn model weighs version {state.features_version} of the features; this tend computes "
            f"version {CURRENT.version}. Run the tend that made it, or begin a new almanac from the stored orders."
        )
    return CURRENT
