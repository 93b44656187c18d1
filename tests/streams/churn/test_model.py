"""The learner's model is River's kind of estimator, and what it exports is what workers score with."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from river import base, checks, compose, datasets, metrics, preprocessing

from schemas.churn import ChurnState, Days, PurchaseFeatures
from schemas.times import DAY, Millis
from streams.churn import initial_state, remember_order, score
from streams.churn.current_features import CURRENT
from streams.churn.estimators import BayesianLogisticRegression, InteractionFeatures, RepeatPurchases
from streams.churn.feature_set import FeatureSet
from streams.churn.model import LATER, ChurnClassifier
from streams.churn.model_view import ModelView, view_of
from streams.churn.monitoring import BrierScore, CalibrationError
from streams.churn.progressive import ProgressiveEvaluation
from tests.streams.churn.stores import START, store

PHISHING = tuple(next(iter(datasets.Phishing()))[0])


def nothing(view: ModelView, purchases: PurchaseFeatures, now: Millis, horizon: Days) -> tuple[float, ...]:
    return ()


def of_phishing() -> ChurnClassifier:
    """The same composition over the features of the data that River checks classifiers with."""
    pair = (PHISHING[0], PHISHING[1])
    return ChurnClassifier(FeatureSet(9, PHISHING, PHISHING[:3], pair, pair, nothing), 28, 30.0)


ESTIMATORS = [
    InteractionFeatures(("five_thirty_eight", "ordinal_date"), ("five_thirty_eight", "ordinal_date")),
    BayesianLogisticRegression(),
    BayesianLogisticRegression(priors={PHISHING[0]: (0.5, 0.1)}, process_noise=0.01),
    RepeatPurchases(),
    InteractionFeatures(PHISHING, PHISHING[:3]) | BayesianLogisticRegression(),
    of_phishing(),
    ChurnClassifier(CURRENT),
]


@pytest.fixture(autouse=True)
def no_need_of_scikit(monkeypatch: pytest.MonkeyPatch) -> None:
    """River's checks import scikit-learn's data sets, and use none of them for classifiers of two classes."""
    monkeypatch.setitem(sys.modules, "sklearn", ModuleType("sklearn"))
    monkeypatch.setattr(sys.modules["sklearn"], "datasets", None, raising=False)


@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_every_estimator_keeps_the_promises_of_rivers(model: base.Estimator) -> None:
    found = list(checks.yield_checks(model))

    for check in found:
        check(model.clone())

    assert len(found) > 10


def features_at(state: ChurnState, purchases: PurchaseFeatures, now: Millis, horizon: Days) -> dict[Hashable, Any]:
    """What the classifier is given: the features of now, and those of half a horizon later."""
    look = CURRENT.look
    here, later = (look(view_of(state), purchases, at, horizon) for at in (now, now + horizon * DAY // 2))
    names = CURRENT.names
    return {**dict(zip(names, here, strict=True)), **{LATER + n: v for n, v in zip(names, later, strict=True)}}


def test_workers_score_what_the_model_predicts_to_the_bit_without_river() -> None:
    evaluation = ProgressiveEvaluation(initial_state([14]), 14, START)
    for _ in evaluation.run(store(40)):
        pass
    state, purchases = evaluation.state, PurchaseFeatures()
    for week in range(9):
        remember_order(purchases, START + week * 9 * DAY, 2_000 + week)
    now = START + 90 * DAY

    model = ChurnClassifier(CURRENT, 14, view_of(state).usual_gap)
    model.restore(state.horizons[0].learned)
    model.mutate({"gain": state.horizons[0].gain})

    assert state.horizons[0].learned["main"].examples > 100
    predicted = model.predict_proba_one(features_at(state, purchases, now, 14))[True]
    assert predicted == pytest.approx(score(state, purchases, now, 14).p, abs=1e-12)


def test_the_features_of_the_learner_are_those_of_the_workers() -> None:
    values = [0.1 * i - 1.0 for i in range(len(CURRENT.names))]
    interactions = InteractionFeatures(CURRENT.names, CURRENT.keys)

    made = interactions.transform_one(dict(zip(CURRENT.names, values, strict=True)))

    assert tuple(made) == interactions.made
    assert [1.0, *made.values()] == CURRENT.design(values).tolist()


def test_a_model_goes_on_from_its_export_to_the_bit() -> None:
    taught = ChurnClassifier(CURRENT)
    examples: list[dict[Hashable, Any]] = [
        {name: ((i * j) % 7) / 7 for j, name in enumerate(CURRENT.names)} for i in range(40)
    ]
    for i, x in enumerate(examples):
        taught.learn_one({**x, "frequency": i, "recency": 40.0, "tenure": 60.0}, i % 2 == 0, w=1.5, part=i % 2)

    restored = ChurnClassifier(CURRENT)
    restored.restore(taught.exported())

    for model in (taught, restored):
        for i, x in enumerate(examples):
            model.learn_one(x, i % 3 == 0, part=i % 2)
        model.forget(0.9, 1.0)
    assert restored.exported() == taught.exported()


def test_an_export_of_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="posterior of 16 weights; expected 85"):
        ChurnClassifier(CURRENT).restore(of_phishing().exported())


def test_learning_is_what_a_dense_kalman_step_says() -> None:
    """The in-place steps on one triangle against the formula, written out."""
    rng = np.random.default_rng(3)
    model = BayesianLogisticRegression(priors={str(i): (0.0, 0.5) for i in range(6)})
    mean, covariance = np.zeros(7), np.diag([0.03, *[0.5] * 6])
    for _ in range(50):
        x, y = rng.normal(size=6), bool(rng.integers(2))
        design = np.array([1.0, *x])
        gain, z = covariance @ design, mean @ design
        variance = gain @ design
        p = 1.0 / (1.0 + np.exp(-z / np.sqrt(1.0 + np.pi / 8.0 * variance)))
        shrink = 1.0 + p * (1.0 - p) * variance
        mean, covariance = mean + gain * (y - p) / shrink, covariance - np.outer(gain, gain) * p * (1.0 - p) / shrink

        model.learn_one({str(i): value for i, value in enumerate(x.tolist())}, y)

    np.testing.assert_allclose(model.posterior.mean, mean, rtol=1e-4)
    np.testing.assert_allclose(model.posterior.covariance, covariance, rtol=1e-4, atol=1e-9)
    np.testing.assert_array_equal(model.posterior.covariance, model.posterior.covariance.T)


def test_an_estimator_composes_with_rivers_own() -> None:
    model = preprocessing.StandardScaler() | BayesianLogisticRegression(prior_variance=1.0)
    metric = metrics.ROCAUC()

    for i in range(200):
        x: dict[Hashable, Any] = {"a": float(i % 10)}
        metric.update(i % 10 > 4, model.predict_proba_one(x))
        model.learn_one(x, i % 10 > 4)

    assert isinstance(model, compose.Pipeline)
    assert metric.get() > 0.9


def test_a_customer_who_is_silent_for_longer_than_usual_is_likelier_gone() -> None:
    model = RepeatPurchases(horizon=28, usual_gap=10)

    lately = model.predict_proba_one({"frequency": 10, "recency": 98, "tenure": 100})[True]
    silent = model.predict_proba_one({"frequency": 10, "recency": 98, "tenure": 200})[True]

    assert lately < 0.3 < 0.8 < silent


def test_repeat_purchases_learn_how_often_customers_leave() -> None:
    model = RepeatPurchases(horizon=28, usual_gap=10)
    x: dict[Hashable, Any] = {"frequency": 3, "recency": 30, "tenure": 45}
    before = model.predict_proba_one(x)[True]

    for _ in range(50):
        model.learn_one(x, True)

    assert model.predict_proba_one(x)[True] > before + 0.2


@pytest.mark.parametrize("metric", [BrierScore(), CalibrationError()], ids=repr)  # type: ignore[no-untyped-call]
def test_our_metrics_take_back_what_they_were_told(metric: BrierScore | CalibrationError) -> None:
    metric.update(True, 0.8)
    before = metric.get()

    metric.update(False, {True: 0.7, False: 0.3}, 2.0)
    metric.revert(False, {True: 0.7, False: 0.3}, 2.0)

    assert metric.get() == pytest.approx(before)
    assert not metric.bigger_is_better
