"""Each customer has a rhythm of their own; who falls out of it is noticed, once."""

from __future__ import annotations

import pytest

from rules.context import EventContext
from rules.facts import FactReader
from rules.loading import shipped
from schemas.times import DAY
from tests.builders import Life, event, lane_context, placed, when


def regular(gap: float, orders: int) -> Life:
    life = Life()
    life.happens(*(placed(when(number * gap), order_id=f"o-{number}") for number in range(orders)))
    return life


def facts(life: Life, at: int) -> FactReader:
    return FactReader(EventContext(life.record, None, life.lane, at, at))


@pytest.mark.parametrize(("gap", "orders", "between"), [(7, 12, (6, 10)), (30, 12, (28, 32)), (7, 2, (8, 20))])
def test_the_usual_gap_is_their_own_and_shrunk_where_little_is_known(
    gap: int, orders: int, between: tuple[int, int]
) -> None:
    life = regular(gap, orders)
    known = facts(life, when((orders - 1) * gap + 2 * gap))["rhythm.gap"]

    assert isinstance(known, float)
    assert between[0] < known < between[1]


def test_the_ratio_counts_gaps_since_the_last_order() -> None:
    life = regular(7, 20)
    reader = facts(life, when(19 * 7 + 21))

    assert reader["rhythm.ratio"] == pytest.approx(21 / float(str(reader["rhythm.gap"])), abs=0.1)


def test_a_regular_of_twelve_orders_is_noticed_long_before_95_days_and_once() -> None:
    life = regular(14, 12)
    last = 11 * 14
    assert life.heard.count("rhythm.quiet") == 0

    life.until(when(last + 60))
    life.until(when(last + 200))
    assert life.heard.count("rhythm.quiet") == 1


def test_a_second_silence_is_noticed_again() -> None:
    life = regular(7, 12)
    life.until(when(77 + 60))
    life.happens(placed(when(77 + 61), order_id="again"))
    life.until(when(77 + 200))

    assert life.heard.count("rhythm.quiet") == 2


def test_who_orders_at_odd_times_is_not_quiet_so_soon() -> None:
    odd = Life()
    days = (0, 1, 30, 32, 90, 91, 95, 150)
    odd.happens(*(placed(when(day), order_id=f"o-{day}") for day in days))
    even = regular(150 / 7, 8)

    quiet = [not facts(one, when(150 + 50))["rhythm.quiet"] for one in (odd, even)]
    assert quiet == [True, False]


def test_two_orders_make_no_rhythm() -> None:
    life = regular(7, 2)
    life.until(when(200))

    assert "rhythm.quiet" not in life.heard


def test_who_orders_at_christmas_alone_is_out_of_season_in_summer() -> None:
    life = Life()
    life.happens(*(placed(when(day), order_id=f"o-{day}") for day in (0, 5, 9, 370, 375)))

    assert facts(life, when(375 + 180))["rhythm.out_of_season"] is True
    assert facts(regular(20, 25), when(24 * 20 + 60))["rhythm.out_of_season"] is False


def test_while_the_model_is_not_trusted_the_rhythm_brings_a_regular_a_call() -> None:
    life = Life(lane_context(shipped()))
    life.happens(
        event("customer.registered", phone="+441234567", zone="Europe/London"),
        event("consent.granted", channel="call", purpose="marketing"),
    )
    life.happens(*(placed(when(1 + number * 7), order_id=f"o-{number}") for number in range(12)))
    done = life.until(when(78 + 60))

    assert [action.rule for action in done.actions if action.rule == "quiet_call"] == ["quiet_call"]
    assert life.record.seen > when(78) + 7 * DAY
