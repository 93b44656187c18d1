from __future__ import annotations

import sys
from collections.abc import Hashable
from types import ModuleType
from typing import Any

import msgspec
import pytest
from river import checks, preprocessing
from river.base import Classifier

from streams.churn.estimators import BayesianLogistic, Exported, RepeatBuying

ESTIMATORS = [BayesianLogistic(), BayesianLogistic(keep=0.999), RepeatBuying()]


@pytest.fixture(autouse=True)
def no_need_of_scikit(monkeypatch: pytest.MonkeyPatch) -> None:
    """River's checks import scikit-learn's data sets, and use none of them for classifiers of two classes."""
    monkeypatch.setitem(sys.modules, "sklearn", ModuleType("sklearn"))
    monkeypatch.setattr(sys.modules["sklearn"], "datasets", None, raising=False)


@pytest.mark.parametrize("model", ESTIMATORS, ids=repr)
def test_every_estimator_keeps_the_promises_of_rivers(model: Classifier) -> None:
    found = list(checks.yield_checks(model))

    for check in found:
        check(model.clone())

    assert len(found) > 10


def test_an_estimator_goes_on_from_its_exported_state_to_the_bit() -> None:
    taught = BayesianLogistic()
    for i in range(50):
        taught.learn_one({"a": i % 7, "b": i % 3}, i % 2 == 0)

    restored = BayesianLogistic()
    restored.restore(msgspec.json.decode(msgspec.json.encode(taught.exported()), type=Exported))

    x: dict[Hashable, Any] = {"a": 2.0, "b": 1.0}
    assert restored.predict_proba_one(x) == taught.predict_proba_one(x)
    for model in (taught, restored):
        model.learn_one(x, True)
    assert restored.exported() == taught.exported()


def test_an_estimator_composes_with_rivers_own() -> None:
    model = preprocessing.StandardScaler() | BayesianLogistic(prior_variance=1.0)

    for i in range(200):
        model.learn_one({"a": float(i % 10)}, i % 10 > 4)

    assert model.predict_proba_one({"a": 9.0})[True] > 0.9
    assert model.predict_proba_one({"a": 0.0})[True] < 0.1


def test_a_customer_who_is_silent_for_longer_than_usual_is_likelier_gone() -> None:
    model = RepeatBuying(horizon=28, usual_gap=10)

    lately = model.predict_proba_one({"repeats": 10, "active": 98, "age": 100})[True]
    silent = model.predict_proba_one({"repeats": 10, "active": 98, "age": 200})[True]

    assert lately < 0.3 < 0.8 < silent


def test_repeat_buying_learns_how_often_customers_leave() -> None:
    model = RepeatBuying(horizon=28, usual_gap=10)
    x: dict[Hashable, Any] = {"repeats": 3, "active": 30, "age": 45}
    before = model.predict_proba_one(x)[True]

    for _ in range(50):
        model.learn_one(x, True)

    assert model.predict_proba_one(x)[True] > before + 0.2
