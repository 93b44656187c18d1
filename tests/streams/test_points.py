"""The simple ledger of points."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.outcome_codes import OutcomeCode
from schemas.readings import open_lots, points_balance
from schemas.record import MAX_LOTS, Lot, Points, Spending, TimerKind
from schemas.times import DAY, Millis, to_datetime, to_millis
from streams.points import Change, change, due_next, expiry, lapse, redeem
from tests.builders import START, Life, event, placed, when


def moment(year: int, month: int, day: int) -> Millis:
    return to_millis(datetime(year, month, day, tzinfo=UTC))


def test_points_of_one_month_lapse_together_after_their_lifetime() -> None:
    ends = moment(2027, 1, 1) + 365 * DAY

    assert expiry(moment(2026, 12, 1), 365 * DAY) == expiry(moment(2026, 12, 31), 365 * DAY) == ends
    assert to_datetime(expiry(moment(2026, 5, 9), 0)) == datetime(2026, 6, 1, tzinfo=UTC)


def earn(points: Points, amount: int, expires: Millis) -> bool:
    return change(points, Change(amount, 0, expires), 0)


def reverse(points: Points, amount: int, expires: Millis) -> bool:
    return change(points, Change(0, amount, expires), 0)


def test_what_an_order_takes_back_comes_from_its_own_lot_and_the_rest_counts_as_spent() -> None:
    points = Points()
    earn(points, 10, 100)
    earn(points, 5, 200)
    earn(points, 5, 300)

    reverse(points, 7, 200)
    assert (points.lots, points.debt) == ([Lot(100, 10), Lot(300, 5)], 2)

    reverse(points, 15, 100)
    assert (open_lots(points), points_balance(points), points.debt) == ([], 0, 7)

    earn(points, 6, 400)
    assert (open_lots(points), points_balance(points)) == ([Lot(400, 4)], 4)


def test_points_are_spent_that_lapse_first() -> None:
    points = Points()
    earn(points, 10, 100)
    earn(points, 5, 200)

    redeem(points, Spending(b"", 12))
    assert (open_lots(points), points.redeemed) == ([Lot(200, 3)], 12)


def test_points_that_were_spent_do_not_lapse() -> None:
    points = Points()
    earn(points, 10, 100)
    earn(points, 5, 200)
    redeem(points, Spending(b"", 4))

    assert lapse(points, 100) == 6
    assert (points.lots, points.debt, points.lapsed) == ([Lot(200, 5)], 0, 6)


def test_it_does_not_matter_whether_points_are_earned_or_spent_first() -> None:
    earned_first, spent_first = Points(), Points()
    for amount, expires in ((30, 200), (40, 100)):
        earn(earned_first, amount, expires)
    redeem(earned_first, Spending(b"", 50))
    redeem(spent_first, Spending(b"", 50))
    for amount, expires in ((30, 200), (40, 100)):
        earn(spent_first, amount, expires)

    assert earned_first == spent_first
    assert open_lots(spent_first) == [Lot(200, 20)]


def test_points_of_an_order_so_old_that_they_have_lapsed_are_not_there_to_spend() -> None:
    points = Points()

    assert change(points, Change(10, 0, expires=100), now=100)
    assert (points.lots, points.earned, points.lapsed) == ([], 10, 10)


def test_too_many_lots_are_joined_at_the_later_date() -> None:
    points = Points()
    for number in range(1, MAX_LOTS + 1):
        assert earn(points, 1, number)

    assert not earn(points, 1, 99)
    assert len(points.lots) == MAX_LOTS
    assert points.lots[-1] == Lot(99, 2)


def test_an_order_that_finds_all_lots_taken_says_that_it_joined_two() -> None:
    life = Life()
    life.record.points.lots = [Lot(START + number * DAY, 5) for number in range(1, MAX_LOTS + 1)]

    outcome = life.happens(placed())

    assert outcome.codes == {OutcomeCode.CAP_LOTS: 1}
    assert len(life.record.points.lots) == MAX_LOTS


def test_a_look_is_due_before_points_lapse_and_when_they_do() -> None:
    points = Points([Lot(100, 5), Lot(150, 5)])

    assert [due_next(points, 30, after) for after in (0, 70, 100, 120, 150)] == [70, 100, 120, 150, None]


Steps = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.integers(0, 10**6), st.integers(1, 60)),
        st.tuples(st.just("reverse"), st.integers(0, 10**6), st.integers(1, 60)),
        st.tuples(st.just("redeem"), st.integers(0, 10**6), st.just(0)),
        st.tuples(st.just("lapse"), st.integers(0, 60), st.just(0)),
    ),
    max_size=60,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(Steps)
def test_nothing_is_lost_in_the_ledger_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    points = Points()
    for what, number, expires in steps:
        if what == "earn":
            earn(points, number, expires)
        elif what == "reverse":
            reverse(points, number, expires)
        elif what == "redeem":
            redeem(points, Spending(b"", number))
        else:
            lapse(points, number)

        kept = points.earned - points.reversed - points.redeemed - points.lapsed
        assert kept == sum(lot.points for lot in points.lots) - points.debt
        assert points_balance(points) == max(kept, 0) == sum(lot.points for lot in open_lots(points))
        assert all(lot.points > 0 for lot in points.lots)
        assert [lot.expires for lot in points.lots] == sorted({lot.expires for lot in points.lots})
        assert len(points.lots) <= MAX_LOTS


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["placed", "cancelled", "returned"]),
            st.integers(1, 5),
            st.integers(0, 20_000),
        ),
        max_size=30,
    )
)
def test_the_ledger_never_drifts_from_the_orders(steps: list[tuple[str, int, int]]) -> None:
    life = Life()
    for number, (what, which, amount) in enumerate(steps):
        fields: dict[str, Any] = {} if what == "cancelled" else {"amount": amount}
        if what == "placed":
            life.happens(placed(when(number), order_id=f"o-{which}", amount=amount))
        else:
            life.happens(event(f"order.{what}", when(number), order_id=f"o-{which}", **fields))

    ledger = life.record.points
    assert ledger.earned - ledger.reversed == sum(order.points for order in life.book.orders)
    paid = [order.amount - order.refunded for order in life.book.orders if order.placed]
    assert life.record.purchases.spent == sum(paid)
    assert all(order.points == (order.amount - order.refunded) // 100 for order in life.book.orders if order.placed)


def test_a_customer_is_reminded_before_points_lapse_and_then_they_are_gone() -> None:
    life = Life()
    life.happens(placed(amount=10_000))
    lapses = life.record.points.lots[0].expires
    reminder = lapses - life.lane.rulebook.defaults.points.reminder_millis
    assert life.due(TimerKind.POINTS_EXPIRY) == reminder

    life.until(reminder)
    assert life.heard.count("points.expiring") == 1

    outcome = life.until(lapses)
    assert outcome.codes[OutcomeCode.POINTS_LAPSED] == 100
    assert life.record.points.lots == []
    assert "points.expiring" not in life.heard
