"""Causes against a simulation in which they are planted."""

from __future__ import annotations

from functools import cache

import pytest

from schemas.churn import ChurnState, LabelledExample, PendingLabels, PurchaseFeatures
from schemas.ids import fraction
from schemas.times import DAY, SECOND, WEEK, Millis
from streams.churn import enqueue, explanations, initial_state, mature, remember_order, remember_signal, score
from streams.churn.learning import learn_epoch

NOW: Millis = 20_000 * DAY
PLANTED = {
    "complaint": "unresolved complaint",
    "late": "late deliveries",
    "satisfaction": "low satisfaction",
    "visits": "fewer visits",
}


def customer(kind: str) -> PurchaseFeatures:
    """Somebody who ordered last on the day before, always in their rhythm; what went wrong was since."""
    purchases = PurchaseFeatures()
    for week in range(10, 0, -1):
        at = NOW - week * WEEK + 6 * DAY
        remember_order(purchases, at, 3_000)
        for day in range(6):
            if kind != "visits" or week > 3:
                remember_signal(purchases, "visit", at + day * DAY // 8)
    if kind == "complaint":
        remember_signal(purchases, "complaint_opened", NOW - DAY // 2)
    elif kind == "late":
        for _ in range(2):
            remember_signal(purchases, "late_delivery", NOW - DAY // 2)
    elif kind == "satisfaction":
        for _ in range(3):
            remember_signal(purchases, "satisfaction", NOW - DAY // 2, 0.0)
    return purchases


def lessons_of(state: ChurnState, kind: str, number: int) -> list[LabelledExample]:
    """With something wrong two in three are gone, without one in ten."""
    purchases, pending, who = customer(kind), PendingLabels(), f"{kind}-{number}"
    enqueue(pending, NOW, score(state, purchases, NOW, 28), who, 28)
    gone = fraction("gone", who) < (0.1 if kind == "nothing" else 0.66)
    return mature(pending, NOW if gone else NOW + SECOND, NOW + 28 * DAY, who)


@cache
def taught() -> ChurnState:
    state = initial_state([28])
    kinds = [*PLANTED, "nothing", "nothing"]
    examples = [example for kind in kinds for number in range(150) for example in lessons_of(state, kind, number)]
    return learn_epoch(state, NOW // DAY, examples, {})


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_cause_is_named_first(kind: str) -> None:
    state = taught()

    found = explanations(state, score(state, customer(kind), NOW, 28), 28)

    assert found[0].words == PLANTED[kind]
    assert found[0].share > 0.4


@pytest.mark.parametrize("kind", PLANTED)
def test_a_cause_that_is_not_there_is_not_named(kind: str) -> None:
    state = taught()

    found = explanations(state, score(state, customer(kind), NOW, 28), 28)

    assert not {cause.code for cause in found} & (PLANTED.keys() - {kind})


def test_what_went_wrong_raises_the_score() -> None:
    state = taught()

    fine = score(state, customer("nothing"), NOW, 28).p

    assert all(score(state, customer(kind), NOW, 28).p > fine for kind in PLANTED)


def test_who_is_silent_for_longer_than_usual_is_said_to_be() -> None:
    state = initial_state([28])
    purchases = customer("nothing")

    found = explanations(state, score(state, purchases, NOW + 90 * DAY, 28), 28)

    assert found[0].words == "quiet for longer than usual"


def test_who_never_came_back_is_told_apart() -> None:
    state = initial_state([28])
    once = PurchaseFeatures()
    remember_order(once, NOW, 3_000)

    codes = {cause.code for cause in explanations(state, score(state, customer("nothing"), NOW, 28), 28)}

    assert "only_one" not in codes


def test_shares_are_parts_of_a_whole() -> None:
    state = taught()

    found = explanations(state, score(state, customer("late"), NOW + 30 * DAY, 28), 28)

    assert 0.9 < sum(cause.share for cause in found) <= 1.0 + 1e-9
    assert [cause.share for cause in found] == sorted((cause.share for cause in found), reverse=True)
