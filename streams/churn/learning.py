"""Learn the lessons of an epoch: a pure function from state, lessons and counts to the next state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp
from typing import NamedTuple

import msgspec
import numpy as np

from schemas.churn import Candidate, ChurnState, Counts, HorizonState, Lesson
from schemas.times import DAY
from streams.churn import calibration, repeat
from streams.churn.beginning import fresh_horizon
from streams.churn.design import FeatureSet
from streams.churn.drift import growing, grown_up, trusted, watched
from streams.churn.logistic import Belief
from streams.churn.packing import unpack
from streams.churn.quality import Outcome, measured
from streams.churn.questions import WHOLE
from streams.churn.reading import reading
from streams.churn.sampling import Sample
from streams.churn.shadow import fresh_candidate, outcome_of, switched, tried
from streams.churn.tables import AGES, CUSTOMERS, EXPOSURE, FOREVER
from streams.churn.versions import VERSIONS, newest, version_of

MEMORY = 150.0
"""Days after which a lesson weighs 1/e; longer for a long horizon, whose lessons are few."""
HORIZONS_REMEMBERED = 3.0
KEPT_IN_DRIFT = 0.3
"""How much of what was learned still counts when a drift is noticed: the model learns three times as fast."""
TABLE_MEMORY = 365.0
"""Days after which a count in the population tables weighs 1/e."""


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
    pace = Pace(epoch, state.epoch_length / DAY, reading(state).usual_gap)
    kind = version_of(state)
    horizons = [_learn(kind, h, sample.of(h.horizon), pace) for h in state.horizons]
    candidate = state.candidate
    if candidate is not None:
        candidate = _learn_beside(kind, candidate, sample, pace)
    elif newest().version > kind.version:
        candidate = fresh_candidate(newest(), [fresh_horizon(newest(), h.horizon) for h in horizons])
    learned = msgspec.structs.replace(
        state, epoch=epoch, tables=_tables(state, counts), horizons=horizons, candidate=candidate
    )
    return switched(learned)


class Pace(NamedTuple):
    """What all lessons of an epoch have in common."""

    epoch: int
    days: float
    usual_gap: float


def _learn_beside(kind: FeatureSet, candidate: Candidate, sample: Sample, pace: Pace) -> Candidate | None:
    """The candidate after the same lessons; none where this tend does not compute its features."""
    other = VERSIONS.get(candidate.features_version)
    if other is None:
        return None
    pairs = zip(candidate.horizons, candidate.trials, strict=True)
    trials = [tried(kind, other, h, trial, sample.of(h.horizon), pace.days) for h, trial in pairs]
    horizons = [_learn(other, h, sample.of(h.horizon), pace) for h in candidate.horizons]
    return Candidate(candidate.features_version, horizons, trials)


def _tables(state: ChurnState, counts: Counts) -> dict[str, float]:
    days = state.epoch_length / DAY
    keep = exp(-days / TABLE_MEMORY)
    tables = {key: value if key in FOREVER or key == AGES else value * keep for key, value in state.tables.items()}
    for key in sorted(counts):
        tables[key] = tables.get(key, 0.0) + counts[key]
    for key in (EXPOSURE, AGES):
        tables[key] = tables.get(key, 0.0) + tables.get(CUSTOMERS, 0.0) * days
    return tables


def _learn(kind: FeatureSet, state: HorizonState, lessons: list[tuple[Lesson, float]], pace: Pace) -> HorizonState:
    beliefs = {name: Belief.unpacked(learned) for name, learned in state.learned.items()}
    state, drifted = _look_back(kind, state, beliefs[calibration.NAME], lessons, pace)
    keep = exp(-pace.days / max(MEMORY, HORIZONS_REMEMBERED * state.horizon))
    _forget(kind, beliefs, KEPT_IN_DRIFT if drifted else keep, pace.days)
    for lesson, factor in lessons:
        teach(kind, beliefs, lesson, factor, pace.usual_gap)
    learned = {name: belief.packed() for name, belief in beliefs.items()}
    count = beliefs["main"].lessons
    state = growing(state, count, pace.epoch)
    return msgspec.structs.replace(state, learned=learned, trusted=trusted(state, count, pace.epoch))


def _look_back(
    kind: FeatureSet, state: HorizonState, line: Belief, lessons: list[tuple[Lesson, float]], pace: Pace
) -> tuple[HorizonState, bool]:
    """Compare what was said with what happened, before it is learned; whether a drift was noticed."""
    outcomes, grown, settled = [], [], []
    for lesson, factor in lessons:
        outcome = outcome_of(kind, lesson, factor)
        if outcome is not None:
            outcomes.append(outcome)
            asked = int(lesson.asked_at / (pace.days * DAY))
            if grown_up(state, asked, pace.days):
                grown.append(outcome)
            if grown_up(state, asked, pace.days, calibration.SETTLED):
                settled.append(outcome)
    state = measured(state, _acted_on(state, line, outcomes), pace.days)
    state, drifted = watched(state, _acted_on(state, line, grown), pace.epoch, pace.days)
    return calibration.calibrated(state, line, settled, pace.days), drifted


def _acted_on(state: HorizonState, line: Belief, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [(calibration.applied(line, state.gain, z), y, weight) for z, y, weight in outcomes]


def _forget(kind: FeatureSet, beliefs: dict[str, Belief], keep: float, days: float) -> None:
    for name in ("main", "half"):
        beliefs[name].forget(keep, kind.prior_variance, kind.wander(days))
    beliefs["repeat"].forget(keep, repeat.prior_variance(), np.zeros(4))


def teach(kind: FeatureSet, beliefs: dict[str, Belief], lesson: Lesson, factor: float, usual_gap: float) -> None:
    """One lesson, in place; one of another version of the features teaches nothing."""
    unpacked = unpack(kind, lesson.features)
    if unpacked is None:
        return
    _, looks, history = unpacked
    y, weight = float(lesson.churned), lesson.weight * factor
    if lesson.part == WHOLE:
        beliefs["main"].learn(kind.design(looks), y, weight)
        return
    beliefs["half"].learn(kind.design(looks), y, weight)
    if history is not None:
        repeat.learn(beliefs["repeat"], history, usual_gap, lesson.horizon / 2.0, y, weight)
