"""Where a customer stands."""

from __future__ import annotations

from random import Random

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


def busy() -> Life:
    """Twelve orders of 200.00 in twelve days, which would be gold."""
    life = Life()
    life.happens(*(placed(when(n), order_id=f"o-{n}", amount=20_000) for n in range(12)))
    return life


def tier(life: Life) -> str:
    return life.record.segment.tier


def test_a_better_tier_comes_when_it_was_deserved_long_enough_and_a_worse_when_grace_is_over() -> None:
    life = busy()
    assert tier(life) == "bronze"

    life.until(when(40))
    assert tier(life) == "silver"
    assert life.heard.count("tier.upgraded") == 1

    life.until(when(520))
    assert life.heard.count("tier.downgraded") == 1


def test_a_tier_is_kept_for_its_time_and_through_a_quiet_quarter() -> None:
    life = busy()
    life.until(when(40))
    risen = tier(life)

    life.until(when(40 + 181))
    assert tier(life) == risen

    life.happens(*(placed(when(222 + n), order_id=f"p-{n}", amount=20_000) for n in range(3)))
    life.until(when(260))
    assert tier(life) == risen
    assert life.record.segment.tier_turn >= 0


def test_cancelled_orders_take_back_what_they_gave() -> None:
    life = busy()
    life.until(when(40))
    assert tier(life) == "silver"

    life.happens(*(event("order.cancelled", when(41), order_id=f"o-{n}") for n in range(12)))
    assert tier(life) == "bronze"


def test_orders_cancelled_before_the_tier_was_reached_give_none() -> None:
    life = busy()
    life.happens(*(event("order.cancelled", when(14), order_id=f"o-{n}") for n in range(12)))
    life.until(when(90))

    assert tier(life) == "bronze"
    assert "tier.upgraded" not in life.heard


@pytest.mark.parametrize("seed", range(3))
def test_nobody_moves_more_than_twice_in_a_year_whatever_they_do(seed: int) -> None:
    dice, life = Random(seed), Life()
    for day in range(365):
        if dice.random() < (0.4 if day // 40 % 2 else 0.02):
            life.happens(placed(when(day), order_id=f"o-{day}", amount=dice.randrange(50_000)))
        life.until(when(day, 20))

    assert sum(name.startswith("tier.") for name in life.heard) <= 2


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
