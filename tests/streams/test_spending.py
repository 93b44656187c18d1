"""Points spent on an order come back with what does not stay of it."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.events import AnyEvent
from schemas.order_book import MAX_SPENT
from schemas.readings import open_lots, points_balance
from schemas.record import TimerKind
from streams.points import expiry
from tests.builders import START, Life, event, placed, when

EARLIER = placed(START, order_id="earlier", amount=30_000)
"""Brings 300 points."""


def spent(points: int = 200, at: int = when(1), **fields: Any) -> AnyEvent:
    return event("points.redeemed", at, points=points, **{"reference": "red-1", "order_id": "o-1", **fields})


def balance(*told: AnyEvent) -> int:
    life = Life()
    life.happens(EARLIER, *told)
    return points_balance(life.record.points)


ORDER = placed(when(1), amount=10_000)


def test_points_spent_on_an_order_that_stays_are_gone() -> None:
    assert balance(spent(), ORDER, event("order.delivered", when(3), order_id="o-1")) == 300 - 200 + 100


def test_points_spent_on_a_cancelled_order_come_back() -> None:
    cancelled = event("order.cancelled", when(2), order_id="o-1")

    assert balance(spent(), ORDER, cancelled) == 300
    assert balance(spent(), ORDER, cancelled, event("order.restored", when(3), order_id="o-1")) == 200


@pytest.mark.parametrize(
    ("kind", "amount", "left"),
    [
        ("order.returned", 10_000, 300),
        ("refund.paid", 10_000, 300),
        ("order.returned", 2_500, 100 + 75 + 50),
        ("refund.paid", 3_333, 100 + 66 + 66),
    ],
)
def test_for_money_that_is_given_back_their_share_of_the_points_comes_back(kind: str, amount: int, left: int) -> None:
    assert balance(spent(), ORDER, event(kind, when(4), order_id="o-1", amount=amount)) == left


def test_a_refund_that_was_withdrawn_spends_them_again() -> None:
    paid = event("refund.requested", when(4), order_id="o-1", refund="r", amount=10_000)
    sent = event("order.returned", when(5), order_id="o-1", refund="r", amount=10_000)
    mistake = event("refund.withdrawn", when(6), order_id="o-1", refund="r")

    assert balance(spent(), ORDER, paid, sent) == 300
    assert balance(spent(), ORDER, paid, sent, mistake) == 200


def test_an_order_paid_with_points_alone_gives_them_back_when_its_goods_come_back() -> None:
    back = event("order.returned", when(4), order_id="o-1", amount=0)

    assert balance(spent(), placed(when(1), amount=0), back) == 300


def test_points_whose_order_nobody_named_stay_spent() -> None:
    cancelled = event("order.cancelled", when(2), order_id="o-1")

    assert balance(spent(order_id=None), ORDER, cancelled) == 100
    assert balance(spent(order_id=None), ORDER, cancelled, spent(id="told-anew-with-the-order")) == 300


def test_points_spent_at_the_till_in_several_goes_all_come_back() -> None:
    goes = [spent(10, reference=f"red-{number}") for number in range(MAX_SPENT + 2)]

    assert balance(*goes, ORDER, event("order.cancelled", when(2), order_id="o-1")) == 300


def test_whatever_is_heard_of_first_the_ledger_is_the_same() -> None:
    told = [spent(), ORDER, event("order.cancelled", when(2), order_id="o-1"), spent(id="the-till-again")]
    ledgers = []
    for arrived in permutations(told):
        life = Life()
        life.happens(EARLIER, *arrived)
        points = life.record.points
        ledgers.append((points.redeemed, points_balance(points), life.order().regained, life.order().changed))

    assert ledgers == [(0, 300, 200, when(2))] * 24


def test_points_that_would_have_lapsed_meanwhile_live_as_long_as_those_of_the_order() -> None:
    life = Life()
    life.happens(EARLIER)
    lapse = life.due(TimerKind.POINTS_EXPIRY) or 0
    last = life.record.points.lots[0].expires
    bought = placed(lapse, amount=10_000)
    life.happens(spent(300, lapse), bought, event("order.cancelled", last + 1, order_id="o-1"))

    (lot,) = open_lots(life.record.points)
    assert (lot.points, life.record.points.lapsed) == (300, 0)
    assert lot.expires == expiry(lapse, life.lane.rulebook.defaults.points.lapse_millis) > last


def test_last_years_order_of_the_same_number_gives_nothing_back() -> None:
    last_year = event("order.cancelled", when(2), order_id="o-1")
    life = Life()
    life.happens(ORDER, last_year, placed(when(360), order_id="later", amount=30_000), spent(at=when(370)))

    assert points_balance(life.record.points) == 100
