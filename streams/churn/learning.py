"""Learn the examples of an epoch: a pure function from state, examples and counts to the next state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp
from typing import NamedTuple

import msgspec

from schemas.churn import ChurnState, Counts, HorizonState, LabelledExample
from schemas.times import DAY
from streams.churn import calibration
from streams.churn.current_features import features_of
from streams.churn.drift import past_warm_up, trusted, warming_up, watched
from streams.churn.estimators import BayesianLogisticRegression, Features
from streams.churn.feature_set import FeatureSet
from streams.churn.mbg_nbd import READS
from streams.churn.model import ChurnClassifier
from streams.churn.model_view import view_of
from streams.churn.monitoring import Monitor, Outcome, loss_of
from streams.churn.packing import unpack
from streams.churn.pending_labels import WHOLE
from streams.churn.population_stats import AGES, CUSTOMERS, EXPOSURE, FOREVER
from streams.churn.sampling import Sample

MEMORY = 150.0
"""Days after which an example weighs 1/e; longer for a long horizon, whose examples are few."""
HORIZONS_REMEMBERED = 3.0
KEPT_IN_DRIFT = 0.3
"""The forgetting factor when a drift is noticed: the model learns three times as fast."""
TABLE_MEMORY = 365.0
"""Days after which a count in the population statistics weighs 1/e."""


def learn_epoch(state: ChurnState, epoch: int, examples: Iterable[LabelledExample], counts: Counts) -> ChurnState:
    """The state after an epoch; the same for any order of ``examples``.

    Args:
        examples: all that matured in the epoch, of all lanes.
        counts: the contributions of all lanes to the population statistics, added up.

    Raises:
        ConfigurationRefused: the state weighs features that this tend does not compute.
    """
    sample = Sample(state.cap)
    sample.add(examples)
    return learn_sample(state, epoch, sample, counts)


def learn_sample(state: ChurnState, epoch: int, sample: Sample, counts: Counts) -> ChurnState:
    """The same, from examples that were sampled while they came."""
    pace = Pace(epoch, state.epoch_length / DAY, view_of(state).usual_gap)
    features = features_of(state)
    horizons = [_learn(features, h, sample.of(h.horizon), pace) for h in state.horizons]
    return msgspec.structs.replace(state, epoch=epoch, tables=_tables(state, counts), horizons=horizons)


class Pace(NamedTuple):
    """What all examples of an epoch have in common."""

    epoch: int
    days: float
    usual_gap: float


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
    features: FeatureSet, state: HorizonState, examples: list[tuple[LabelledExample, float]], pace: Pace
) -> HorizonState:
    model = ChurnClassifier(features, state.horizon, pace.usual_gap)
    model.restore(state.learned)
    state, drifted = _look_back(model, state, examples, pace)
    keep = exp(-pace.days / max(MEMORY, HORIZONS_REMEMBERED * state.horizon))
    model.forget(KEPT_IN_DRIFT if drifted else keep, pace.days)
    for example, factor in examples:
        learn(model, example, factor)
    learned = model.exported()
    count = learned["main"].examples
    state = warming_up(state, count, pace.epoch)
    return msgspec.structs.replace(state, learned=learned, trusted=trusted(state, count, pace.epoch))


def _look_back(
    model: ChurnClassifier, state: HorizonState, examples: list[tuple[LabelledExample, float]], pace: Pace
) -> tuple[HorizonState, bool]:
    """Compare what was predicted with what happened, before it is learned; whether a drift was noticed."""
    outcomes, warm, settled = [], [], []
    for example, factor in examples:
        outcome = _outcome_of(model.features, example, factor)
        if outcome is not None:
            outcomes.append(outcome)
            predicted = int(example.predicted_at / (pace.days * DAY))
            if past_warm_up(state, predicted, pace.days):
                warm.append(outcome)
            if past_warm_up(state, predicted, pace.days, calibration.SETTLED):
                settled.append(outcome)
    monitor = Monitor(state.monitoring)
    monitor.fade(pace.days)
    monitor.update(_acted_on(model.line, state.gain, outcomes))
    state = msgspec.structs.replace(state, monitoring=monitor.exported(), quality=monitor.quality(state.quality))
    state, drifted = watched(state, _acted_on(model.line, state.gain, warm), pace.epoch, pace.days)
    return msgspec.structs.replace(state, gain=calibrate(model.line, state.gain, settled, pace.days)), drifted


def _outcome_of(features: FeatureSet, example: LabelledExample, factor: float) -> Outcome | None:
    """What was predicted and what happened; the outcome of a first half says nothing about the whole."""
    unpacked = unpack(features, example.features)
    if unpacked is None or example.part != WHOLE:
        return None
    return unpacked[0], float(example.churned), example.weight * factor


def _acted_on(line: BayesianLogisticRegression, gain: float, outcomes: Sequence[Outcome]) -> list[Outcome]:
    posterior = line.posterior
    return [(calibration.applied(posterior, gain, z), y, weight) for z, y, weight in outcomes]


def calibrate(line: BayesianLogisticRegression, gain: float, outcomes: Sequence[Outcome], days: float) -> float:
    """What the line saves after the outcomes of an epoch, in nats; the line learns them."""
    line.forget(exp(-days / calibration.MEMORY), days)
    if not outcomes:
        return gain
    before = line.posterior
    saved = 0.0
    for z, y, weight in outcomes:
        saved += weight * (loss_of(z, y) - loss_of(line.log_odds_one({"log_odds": z}), y))
    for z, y, weight in outcomes:
        line.learn_one({"log_odds": z}, bool(y), w=weight)
    return (gain * before.weight + saved) / line.posterior.weight


def learn(model: ChurnClassifier, example: LabelledExample, factor: float) -> None:
    """Teach the model one example; one of another version of the features teaches nothing.

    Args:
        factor: how many examples this one stands for.
    """
    unpacked = unpack(model.features, example.features)
    if unpacked is None:
        return
    _, values, history = unpacked
    x: Features = dict(zip(model.features.names, values, strict=True))
    if history is not None:
        x.update(zip(READS, history, strict=True))
    model.learn_one(x, example.churned, w=example.weight * factor, part=example.part)
