"""Learn the lessons of an epoch: a pure function from state, lessons and counts to the next state."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import msgspec

from schemas.churn import ChurnState, Counts, Days, HorizonState, Lesson
from schemas.ids import hash64
from schemas.times import DAY
from streams.churn.design import design, prior_mean, prior_variance, unpack
from streams.churn.features import VERSION
from streams.churn.logistic import Belief
from streams.churn.reading import TENURE, fresh_repeat
from streams.churn.tables import CUSTOMERS

FORGETTING = 0.99999
"""Per unit of weight: about 100,000 points of memory."""
TABLE_MEMORY = 365.0
"""Days after which a count in the population tables weighs 1/e."""


def begin(horizons: Sequence[Days]) -> ChurnState:
    """The state before anything is known.

    Raises:
        ValueError: a horizon lies outside 7 to 365 days.
    """
    for horizon in horizons:
        if not 7 <= horizon <= 365:
            raise ValueError(f"churn horizon {horizon} days; expected 7 to 365")
    return ChurnState(features_version=VERSION, horizons=[_begin(horizon) for horizon in horizons])


def _begin(horizon: Days) -> HorizonState:
    main = Belief.wide(prior_mean(), prior_variance())
    return HorizonState(horizon, learned={"main": main.packed(), "repeat": fresh_repeat().packed()})


def learn_epoch(state: ChurnState, epoch: int, lessons: Sequence[Lesson], counts: Counts) -> ChurnState:
    """The state after an epoch; the same for any order of ``lessons``.

    Args:
        lessons: all that matured in the epoch, of all lanes.
        counts: the contributions of all lanes to the population tables, added up.
    """
    tables = _tables(state, counts)
    ordered = sorted(lessons, key=_settled)
    horizons = [_learn(h, _capped(_of(h.horizon, ordered), state.cap)) for h in state.horizons]
    return msgspec.structs.replace(state, epoch=epoch, tables=tables, horizons=horizons)


def _tables(state: ChurnState, counts: Counts) -> dict[str, float]:
    days = state.epoch_length / DAY
    keep = 1.0 - days / TABLE_MEMORY
    tables = {key: value * keep for key, value in state.tables.items()}
    for key in sorted(counts):
        tables[key] = tables.get(key, 0.0) + counts[key]
    tables[TENURE] = tables.get(TENURE, 0.0) + tables.get(CUSTOMERS, 0.0) * days
    return tables


def _capped(lessons: list[Lesson], cap: int) -> list[tuple[Lesson, float]]:
    """Exactly ``cap`` of the lessons, drawn by hash and weighed up, where there are more."""
    if len(lessons) <= cap:
        return [(lesson, 1.0) for lesson in lessons]
    drawn = sorted(lessons, key=_draw)[:cap]
    return [(lesson, len(lessons) / cap) for lesson in sorted(drawn, key=_settled)]


def _of(horizon: Days, lessons: list[Lesson]) -> list[Lesson]:
    return [lesson for lesson in lessons if lesson.horizon == horizon]


def _settled(lesson: Lesson) -> tuple[int, str, Days]:
    return lesson.asked_at + lesson.horizon * DAY, lesson.customer, lesson.horizon


def _draw(lesson: Lesson) -> tuple[int, str]:
    return hash64("cap", lesson.customer, str(lesson.asked_at), str(lesson.horizon)), lesson.customer


def _learn(state: HorizonState, lessons: list[tuple[Lesson, float]]) -> HorizonState:
    if not lessons:
        return state
    main = Belief.unpacked(state.learned["main"])
    for lesson, factor in lessons:
        _, looks = unpack(lesson.features)
        if looks:
            main.learn(design(looks), float(lesson.churned), lesson.weight * factor, FORGETTING)
    return msgspec.structs.replace(state, learned={**state.learned, "main": main.packed()}, trusted=main.lessons > 1000)


def log_loss(p: float, churned: bool) -> float:
    """The loss of one prediction, natural logarithm; ``p`` is kept off 0 and 1 by a millionth."""
    p = min(max(p, 1e-6), 1.0 - 1e-6)
    return -log(p) if churned else -log(1.0 - p)
