"""Learn the lessons of an epoch: a pure function from state, lessons and counts to the next state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp

import msgspec
import numpy as np

from schemas.churn import ChurnState, Counts, Days, HorizonState, Lesson
from schemas.times import DAY
from streams.churn import calibration, repeat
from streams.churn.design import design, prior_mean, prior_variance, wander
from streams.churn.drift import growing, grown_up, trusted, watched
from streams.churn.logistic import Belief
from streams.churn.packing import unpack
from streams.churn.prior import Prior, widened
from streams.churn.quality import Outcome, measured
from streams.churn.questions import WHOLE
from streams.churn.reading import reading
from streams.churn.sampling import Sample
from streams.churn.tables import AGES, CUSTOMERS, EXPOSURE, FOREVER, VERSION

MEMORY = 150.0
"""Days after which a lesson weighs 1/e; longer for a long horizon, whose lessons are few."""
HORIZONS_REMEMBERED = 3.0
KEPT_IN_DRIFT = 0.3
"""How much of what was learned still counts when a drift is noticed: the model learns three times as fast."""
TABLE_MEMORY = 365.0
"""Days after which a count in the population tables weighs 1/e."""


def begin(horizons: Sequence[Days], prior: Prior | None = None) -> ChurnState:
    """The state before anything is known of this store.

    Args:
        prior: weights learned elsewhere to start from.

    Raises:
        ValueError: a horizon lies outside 7 to 365 days.
    """
    for horizon in horizons:
        if not 7 <= horizon <= 365:
            raise ValueError(f"churn horizon {horizon} days; expected 7 to 365")
    return ChurnState(features_version=VERSION, horizons=[_begin(horizon, prior) for horizon in horizons])


def _begin(horizon: Days, prior: Prior | None) -> HorizonState:
    beliefs = {
        "main": Belief.wide(prior_mean("repeat"), prior_variance()),
        "half": Belief.wide(prior_mean("repeat_half"), prior_variance()),
        "repeat": repeat.fresh(),
        calibration.NAME: calibration.fresh(),
    }
    if prior is not None and prior.features_version == VERSION:
        for name in ("main", "half"):
            beliefs[name] = widened(prior.weights[name], beliefs[name].mean)
    return HorizonState(horizon, learned={name: belief.packed() for name, belief in beliefs.items()})


def learn_epoch(state: ChurnState, epoch: int, lessons: Iterable[Lesson], counts: Counts) -> ChurnState:
    """The state after an epoch; the same for any order of ``lessons``.

    Args:
        lessons: all that matured in the epoch, of all lanes.
        counts: the contributions of all lanes to the population tables, added up.
    """
    sample = Sample(state.cap)
    sample.add(lessons)
    return learn_sample(state, epoch, sample, counts)


def learn_sample(state: ChurnState, epoch: int, sample: Sample, counts: Counts) -> ChurnState:
    """The same, from lessons that were sampled while they came."""
    tables = _tables(state, counts)
    usual_gap = reading(state).usual_gap
    days = state.epoch_length / DAY
    horizons = [_learn(h, sample.of(h.horizon), epoch, usual_gap, days) for h in state.horizons]
    return msgspec.structs.replace(state, epoch=epoch, tables=tables, horizons=horizons)


def _tables(state: ChurnState, counts: Counts) -> dict[str, float]:
    days = state.epoch_length / DAY
    keep = exp(-days / TABLE_MEMORY)
    tables = {key: value if key in FOREVER or key == AGES else value * keep for key, value in state.tables.items()}
    for key in sorted(counts):
        tables[key] = tables.get(key, 0.0) + counts[key]
    for key in (EXPOSURE, AGES):
        tables[key] = tables.get(key, 0.0) + tables.get(CUSTOMERS, 0.0) * days
    return tables


def _learn(
    state: HorizonState, lessons: list[tuple[Lesson, float]], epoch: int, usual_gap: float, days: float
) -> HorizonState:
    beliefs = {name: Belief.unpacked(learned) for name, learned in state.learned.items()}
    state, drifted = _look_back(state, beliefs[calibration.NAME], lessons, epoch, days)
    keep = exp(-days / max(MEMORY, HORIZONS_REMEMBERED * state.horizon))
    _forget(beliefs, KEPT_IN_DRIFT if drifted else keep, days)
    for lesson, factor in lessons:
        teach(beliefs, lesson, factor, usual_gap)
    learned = {name: belief.packed() for name, belief in beliefs.items()}
    count = beliefs["main"].lessons
    state = growing(state, count, epoch)
    return msgspec.structs.replace(state, learned=learned, trusted=trusted(state, count, epoch))


def _look_back(
    state: HorizonState, line: Belief, lessons: list[tuple[Lesson, float]], epoch: int, days: float
) -> tuple[HorizonState, bool]:
    """Compare what was said with what happened, before it is learned; whether a drift was noticed."""
    outcomes, grown = [], []
    for lesson, factor in lessons:
        outcome = _outcome(lesson, factor)
        if outcome is not None:
            outcomes.append(outcome)
            if grown_up(state, int(lesson.asked_at / (days * DAY)), days):
                grown.append(outcome)
    state = measured(state, _acted_on(state, line, outcomes), days)
    state, drifted = watched(state, _acted_on(state, line, grown), epoch, days)
    return calibration.calibrated(state, line, grown, days), drifted


def _acted_on(state: HorizonState, line: Belief, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [(calibration.applied(line, state.gain, z), y, weight) for z, y, weight in outcomes]


def _forget(beliefs: dict[str, Belief], keep: float, days: float) -> None:
    for name in ("main", "half"):
        beliefs[name].forget(keep, prior_variance(), wander(days))
    beliefs["repeat"].forget(keep, repeat.prior_variance(), np.zeros(4))


def _outcome(lesson: Lesson, factor: float) -> Outcome | None:
    """What was predicted and what happened; the outcome of a first half says nothing about the whole."""
    unpacked = unpack(lesson.features)
    if unpacked is None or lesson.part != WHOLE:
        return None
    return unpacked[0], float(lesson.churned), lesson.weight * factor


def teach(beliefs: dict[str, Belief], lesson: Lesson, factor: float, usual_gap: float) -> None:
    """One lesson, in place; one of another version of the features teaches nothing."""
    unpacked = unpack(lesson.features)
    if unpacked is None:
        return
    _, looks, history = unpacked
    y, weight = float(lesson.churned), lesson.weight * factor
    if lesson.part == WHOLE:
        beliefs["main"].learn(design(looks), y, weight)
        return
    beliefs["half"].learn(design(looks), y, weight)
    if history is not None:
        repeat.learn(beliefs["repeat"], history, usual_gap, lesson.horizon / 2.0, y, weight)
