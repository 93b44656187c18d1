"""A model of newer features in the shadow of the one in force: it learns the same lessons, and nobody acts on it.

While a state has a candidate, each score is made by both and each question carries the features of both. Both are
judged on the same outcomes, each by what it said when the question was asked; the candidate takes over when it has lost
less than the model in force at every horizon. The learner alone decides that, at the end of an epoch, so every lane
changes at the same moment.
"""

from __future__ import annotations

import msgspec

from schemas.churn import Candidate, ChurnState, HorizonState, Lesson, Trial
from schemas.times import DAY
from streams.churn.design import FeatureSet
from streams.churn.drift import grown_up
from streams.churn.packing import unpack
from streams.churn.quality import Outcome, loss_of
from streams.churn.questions import WHOLE

LESSONS = 2_000
"""Outcomes of a trial for each horizon. A candidate that has not proved better by then begins another."""


def fresh_candidate(kind: FeatureSet, horizons: list[HorizonState]) -> Candidate:
    """A candidate that has not seen a lesson."""
    return Candidate(kind.version, horizons, [Trial() for _ in horizons])


def outcome_of(kind: FeatureSet, lesson: Lesson, factor: float) -> Outcome | None:
    """What was predicted and what happened; the outcome of a first half says nothing about the whole."""
    unpacked = unpack(kind, lesson.features)
    if unpacked is None or lesson.part != WHOLE:
        return None
    return unpacked[0], float(lesson.churned), lesson.weight * factor


def tried(
    in_force: FeatureSet,
    other: FeatureSet,
    state: HorizonState,
    trial: Trial,
    lessons: list[tuple[Lesson, float]],
    days: float,
) -> Trial:
    """The trial after the outcomes of an epoch; what the candidate said in its youth does not count.

    Args:
        state: the candidate's.
        days: in an epoch.
    """
    count, saved = trial.lessons, trial.saved
    for lesson, factor in lessons:
        if not grown_up(state, int(lesson.asked_at / (days * DAY)), days):
            continue
        one, another = outcome_of(in_force, lesson, factor), outcome_of(other, lesson, factor)
        if one is not None and another is not None:
            count += 1
            saved += one[2] * (loss_of(one[0], one[1]) - loss_of(another[0], another[1]))
    return Trial(count, saved)


def switched(state: ChurnState) -> ChurnState:
    """The state with the candidate in force where its trial is over and it was better, else with another trial."""
    candidate = state.candidate
    if candidate is None or any(trial.lessons < LESSONS for trial in candidate.trials):
        return state
    if all(trial.saved > 0.0 for trial in candidate.trials):
        return msgspec.structs.replace(
            state, features_version=candidate.features_version, horizons=candidate.horizons, candidate=None
        )
    again = Candidate(candidate.features_version, candidate.horizons, [Trial() for _ in candidate.trials])
    return msgspec.structs.replace(state, candidate=again)
