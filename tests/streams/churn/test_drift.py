from __future__ import annotations

from math import log

from schemas.churn import HorizonState, Quality
from schemas.ids import fraction
from streams.churn.drift import trusted, watched
from streams.churn.monitoring import Outcome

GOOD = Quality(examples=1_000.0, log_loss=0.3, base_loss=0.5)


def outcomes(epoch: int, said: float, true: float, count: int = 60) -> list[Outcome]:
    """Predictions of one probability, of whose customers another share churns."""
    log_odds = log(said / (1.0 - said))
    return [(log_odds, float(fraction("drift", str(epoch), str(i)) < true), 1.0) for i in range(count)]


def live(shares: list[float]) -> tuple[HorizonState, list[int]]:
    """The model says 20 % each day; what happened is given."""
    state, noticed = HorizonState(28, quality=GOOD), []
    for epoch, share in enumerate(shares):
        state, drifted = watched(state, outcomes(epoch, 0.2, share), epoch, 1.0)
        if drifted:
            noticed.append(epoch)
    return state, noticed


def test_nothing_is_noticed_while_predictions_are_right() -> None:
    state, noticed = live([0.2] * 150)

    assert noticed == []
    assert trusted(state, 1_000, 150)


def test_a_shock_is_noticed_within_two_weeks_of_mature_labels() -> None:
    state, noticed = live([0.2] * 60 + [0.45] * 14)

    assert noticed
    assert 60 <= noticed[0] < 74
    assert not trusted(state, 1_000, 74)


def test_trust_comes_back_by_itself() -> None:
    state, _ = live([0.2] * 60 + [0.45] * 10 + [0.2] * 40)

    assert trusted(state, 1_000, 110)


def test_a_change_for_the_better_is_no_drift() -> None:
    state, noticed = live([0.35] * 40 + [0.2] * 40)

    assert noticed == []
    assert state.drifts == 0


def test_few_outcomes_are_gathered_until_they_say_something() -> None:
    state = HorizonState(28)

    for epoch in range(10):
        state, _ = watched(state, outcomes(epoch, 0.2, 0.2, count=6), epoch, 1.0)

    assert len(state.losses) == 1
    assert state.bucket[0] == 6.0


def test_few_examples_or_no_better_than_the_base_rate_is_not_trusted() -> None:
    assert not trusted(HorizonState(28, quality=GOOD), 499, 10)
    assert not trusted(HorizonState(28, quality=Quality(log_loss=0.5, base_loss=0.5)), 1_000, 10)


def test_what_is_kept_is_bounded() -> None:
    state, _ = live([0.2] * 300)

    assert len(state.losses) <= 120
