from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from agents.churn.quality import auc, figures
from schemas.churn import HorizonState
from schemas.ids import fraction
from streams.churn.calibration import applied, calibrated, fresh
from streams.churn.logistic import sigmoid
from streams.churn.quality import Outcome, measured


def outcomes(count: int, shift: float = 0.0) -> list[Outcome]:
    """Predictions of all probabilities; with a ``shift`` of log-odds they are wrong by it."""
    found = []
    for i in range(count):
        z = 6.0 * (fraction("z", str(i)) - 0.5)
        found.append((z, float(fraction("y", str(i)) < sigmoid(z + shift)), 1.0))
    return found


def test_live_figures_are_those_of_the_evaluation() -> None:
    found = outcomes(3_000)
    p, y = np.array([sigmoid(z) for z, _, _ in found]), np.array([y for _, y, _ in found])
    exact = figures(p, y)
    assert exact is not None

    live = measured(HorizonState(28), found, 1.0).quality

    assert live.log_loss == pytest.approx(exact.log_loss)
    assert live.brier == pytest.approx(exact.brier)
    assert live.rate == pytest.approx(exact.churned)
    assert live.auc == pytest.approx(exact.auc, abs=0.003)
    assert live.calibration_error == pytest.approx(exact.ece, abs=0.01)


def test_old_outcomes_fade() -> None:
    state = measured(HorizonState(28), outcomes(100), 1.0)

    later = measured(state, [], 90.0)

    assert later.quality.lessons == pytest.approx(100.0 * exp(-1.0))
    assert later.quality.log_loss == pytest.approx(state.quality.log_loss)


def test_ties_count_half_in_the_auc() -> None:
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), np.array([1.0, 0.0, 1.0, 0.0])) == 0.5
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])) == 0.875
    assert auc(np.array([0.9]), np.array([1.0])) is None


def test_calibration_is_applied_once_it_has_proved_to_help() -> None:
    state, line = HorizonState(28), fresh()
    assert applied(line, state.gain, 0.0) == 0.0

    for _ in range(20):
        state = calibrated(state, line, outcomes(300, shift=1.5), 1.0)

    p = sigmoid(applied(line, state.gain, 0.0))
    assert log(p / (1.0 - p)) == pytest.approx(1.5, abs=0.4)


def test_calibration_stays_out_of_the_way_of_what_is_right() -> None:
    state, line = HorizonState(28), fresh()

    for _ in range(20):
        state = calibrated(state, line, outcomes(300), 1.0)

    assert applied(line, state.gain, 1.0) == 1.0
