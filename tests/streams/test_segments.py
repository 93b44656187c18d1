"""Where a customer stands."""

from __future__ import annotations

import pytest

from schemas.readings import BUCKET
from schemas.record import Purchases, Segment
from schemas.times import DAY
from streams.segments import segment
from tests.builders import START, Life, event, listening, placed, when

NUMBERS = listening().defaults


def stands(days: int, orders: int, spent: int) -> Segment:
    """After so many orders for so much money in one bucket, so many days ago."""
    last = START - days * DAY
    purchases = Purchases(count=orders, last=last, bucket=last // BUCKET, counts=[orders], amounts=[spent])
    here = Segment()
    segment(here, purchases, NUMBERS, START)
    return here


def test_nobody_who_has_not_ordered_has_scores_or_more_than_the_lowest_tier() -> None:
    here = Segment()

    segment(here, Purchases(), NUMBERS, START)

    assert (here.rfm, here.tier, here.activity, here.value) == (0, NUMBERS.tiers[0].name, "none", "low")


@pytest.mark.parametrize(
    ("days", "orders", "spent", "rfm"),
    [(0, 100, 10**6, 555), (7, 60, 400_000, 555), (8, 59, 399_999, 444), (91, 2, 9_999, 111)],
)
def test_scores_follow_the_steps_of_the_rulebook(days: int, orders: int, spent: int, rfm: int) -> None:
    assert stands(days, orders, spent).rfm == rfm


def test_the_tier_follows_the_sum_of_the_scores() -> None:
    lives = ((0, 1, 0), (0, 3, 10_000), (0, 10, 60_000), (0, 99, 10**6))

    assert [stands(*life).tier for life in lives] == ["bronze", "silver", "gold", "platinum"]


def test_value_and_activity_have_steps_of_their_own() -> None:
    assert [stands(0, 1, spent).value for spent in (49_999, 50_000, 200_000)] == ["low", "middle", "high"]
    assert [stands(days, 1, 0).activity for days in (28, 29, 90)] == ["active", "cooling", "dormant"]


def test_a_better_tier_is_noticed_when_an_order_brings_it_and_a_worse_when_time_does() -> None:
    life = Life()
    life.happens(*(placed(when(n), order_id=f"o-{n}", amount=20_000) for n in range(12)))
    assert "tier.upgraded" in life.heard

    life.until(when(120))
    assert "tier.downgraded" in life.heard


def test_the_first_order_is_no_upgrade_where_it_stays_in_the_lowest_tier() -> None:
    life = Life()

    life.happens(placed(amount=100))

    assert "tier.upgraded" not in life.heard


def test_an_order_sent_back_takes_its_money_out_of_the_value() -> None:
    life = Life()
    life.happens(placed(amount=300_000))
    assert life.record.segment.value == "high"

    life.happens(event("order.returned", when(1), order_id="o-1", amount=300_000))
    assert life.record.segment.value == "low"


def test_visits_move_nothing_before_the_next_day_comes() -> None:
    life = Life()
    life.happens(placed())
    active = life.lane.rulebook.defaults.segments.active_days

    life.happens(event("product.viewed", when(active, 23), sku="s-1"))
    assert life.record.segment.activity == "active"

    life.happens(event("product.viewed", when(active + 1), sku="s-1"))
    assert life.record.segment.activity == "cooling"
