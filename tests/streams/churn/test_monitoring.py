from __future__ import annotations

from math import exp, log

import msgspec
import numpy as np
import pytest

from agents.churn.quality import auc, figures
from schemas.churn import Monitoring, Quality
from schemas.ids import fraction
from streams.churn.calibration import applied
from streams.churn.current_features import CURRENT
from streams.churn.learning import calibrate
from streams.churn.model import ChurnClassifier
from streams.churn.monitoring import WINDOW, Monitor, Outcome
from streams.churn.posterior import sigmoid


def outcomes(count: int, shift: float = 0.0) -> list[Outcome]:
    """Predictions of all probabilities; with a ``shift`` of log-odds they are wrong by it."""
    found = []
    for i in range(count):
        z = 6.0 * (fraction("z", str(i)) - 0.5)
        found.append((z, float(fraction("y", str(i)) < sigmoid(z + shift)), 1.0))
    return found


def monitored(found: list[Outcome]) -> Monitor:
    monitor = Monitor(Monitoring())
    monitor.update(found)
    return monitor


def test_live_figures_are_those_of_the_evaluation() -> None:
    found = outcomes(WINDOW)
    p, y = np.array([sigmoid(z) for z, _, _ in found]), np.array([y for _, y, _ in found])
    exact = figures(p, y)
    assert exact is not None
    assert exact.auc is not None

    live = monitored(found).quality(Quality())

    assert live.log_loss == pytest.approx(exact.log_loss)
    assert live.brier == pytest.approx(exact.brier)
    assert live.rate == pytest.approx(exact.churned)
    assert live.auc == pytest.approx(exact.auc, abs=1e-6)
    assert live.calibration_error == pytest.approx(exact.ece)


def test_old_outcomes_fade() -> None:
    monitor = monitored(outcomes(100))
    before = monitor.quality(Quality())

    monitor.fade(90.0)

    later = monitor.quality(Quality())
    assert later.examples == pytest.approx(100.0 * exp(-1.0))
    assert later.log_loss == pytest.approx(before.log_loss)


def test_metrics_go_on_from_their_export_to_the_bit() -> None:
    going = monitored(outcomes(WINDOW + 300))

    again = Monitor(msgspec.msgpack.decode(msgspec.msgpack.encode(going.exported()), type=Monitoring))

    for monitor in (going, again):
        monitor.fade(1.0)
        monitor.update(outcomes(70, shift=1.0))
    assert again.exported() == going.exported()
    assert again.quality(Quality()) == going.quality(Quality())


def test_the_auc_is_that_of_the_last_outcomes() -> None:
    wrong_way_round = [(-z, y, w) for z, y, w in outcomes(WINDOW)]

    monitor = monitored([*wrong_way_round, *outcomes(WINDOW)])

    assert monitor.quality(Quality()).auc == monitored(outcomes(WINDOW)).quality(Quality()).auc > 0.7
    assert len(monitor.exported().churned) == WINDOW


def test_with_one_kind_of_outcome_the_auc_says_nothing() -> None:
    assert monitored([(1.0, 1.0, 1.0), (-1.0, 1.0, 1.0)] * 100).quality(Quality(auc=0.8)).auc == 0.5


def test_with_few_outcomes_the_auc_stays_as_it_was() -> None:
    assert monitored(outcomes(99)).quality(Quality(auc=0.8)).auc == 0.8
    assert monitored(outcomes(100)).quality(Quality(auc=0.8)).auc != 0.8


def test_ties_count_half_in_the_auc() -> None:
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), np.array([1.0, 0.0, 1.0, 0.0])) == 0.5
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])) == 0.875
    assert auc(np.array([0.9]), np.array([1.0])) is None


def test_calibration_is_applied_once_it_has_proved_to_help() -> None:
    line, gain = ChurnClassifier(CURRENT).line, 0.0
    assert applied(line.posterior, gain, 0.0) == 0.0

    for _ in range(20):
        gain = calibrate(line, gain, outcomes(300, shift=1.5), 1.0)

    p = sigmoid(applied(line.posterior, gain, 0.0))
    assert log(p / (1.0 - p)) == pytest.approx(1.5, abs=0.4)


def test_calibration_stays_out_of_the_way_of_what_is_right() -> None:
    line, gain = ChurnClassifier(CURRENT).line, 0.0

    for _ in range(20):
        gain = calibrate(line, gain, outcomes(300), 1.0)

    assert applied(line.posterior, gain, 1.0) == 1.0
