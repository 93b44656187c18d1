"""Orders in numbers."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.readings import BUCKET, BUCKETS, last_year
from schemas.record import Purchases
from schemas.times import WEEK
from streams.purchases import Share, add_difference

NOW = 700 * BUCKET


def buy(purchases: Purchases, weeks_ago: int, amount: int = 100) -> None:
    add_difference(purchases, Share(), Share(orders=1, placed=NOW - weeks_ago * WEEK, spent=amount))


def test_the_running_bucket_and_those_before_it_make_the_last_weeks() -> None:
    purchases = Purchases()
    for weeks in (60, 30, 8, 4, 0):
        buy(purchases, weeks)

    assert last_year(purchases, NOW) == (4, 400)


def test_buckets_pass_while_nothing_is_bought() -> None:
    purchases = Purchases()
    buy(purchases, 0)

    assert last_year(purchases, NOW + 12 * BUCKET) == (1, 100)
    assert last_year(purchases, NOW + 13 * BUCKET) == (0, 0)


def test_money_is_taken_back_from_the_bucket_it_was_paid_in() -> None:
    purchases = Purchases()
    buy(purchases, 8)
    buy(purchases, 0)

    before = Share(orders=1, placed=NOW - 8 * WEEK, spent=100)
    add_difference(purchases, before, before._replace(returned=1, spent=60))

    assert (purchases.spent, purchases.amounts) == (160, [100, 0, 60])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 10**6)), max_size=30))
def test_whatever_the_order_of_arrival_the_buckets_hold_what_lies_within_a_year(orders: list[tuple[int, int]]) -> None:
    purchases = Purchases()
    for weeks, amount in orders:
        buy(purchases, weeks, amount)
    newest = max((NOW - weeks * WEEK for weeks, _ in orders), default=NOW)
    held = [amount for weeks, amount in orders if newest // BUCKET - (NOW - weeks * WEEK) // BUCKET < BUCKETS]

    assert sum(purchases.counts) == len(held)
    assert sum(purchases.amounts) == sum(held)
    assert len(purchases.counts) <= BUCKETS
    assert purchases.spent == sum(amount for _, amount in orders)
