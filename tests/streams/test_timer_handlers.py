"""What each of a customer's timers means."""

from __future__ import annotations

import pytest

from rules.context import EventContext
from schemas.given_out import Coupon
from schemas.outcome_codes import OutcomeCode
from schemas.record import TimerKind
from schemas.timers import set_timer
from schemas.times import DAY, HOUR
from streams import timer_handlers
from streams.pipeline import fire_timers
from streams.timer_schedule import schedule_coupons
from tests.builders import START, Life, complained, event, placed, when


def holds(life: Life, *coupons: Coupon) -> None:
    """The customer was given these coupons, as a decision leaves them."""
    life.record.coupons = list(coupons)
    schedule_coupons(EventContext(life.record, None, life.lane, life.record.seen or START, START))


def test_every_kind_of_wait_can_ring() -> None:
    assert set(timer_handlers.TIMER_HANDLERS) == set(TimerKind)


@pytest.mark.parametrize("kind", TimerKind)
def test_a_stale_timer_does_no_harm(kind: TimerKind) -> None:
    life = Life()
    life.happens(placed(), complained(when(1)))
    life.heard.clear()
    set_timer(life.record, kind, when(1, 1), "nothing-known")

    life.until(when(1, 2))

    assert set(life.heard) <= {"second_order.due", "churn.scored"}


def test_a_coupon_is_spoken_of_before_it_lapses_and_then_forgotten() -> None:
    life = Life()
    holds(life, Coupon("TEND-1", 7, when(30)))
    lead = life.lane.rulebook.defaults.coupons.reminder_millis
    assert life.due(TimerKind.COUPON_EXPIRY) == when(30) - lead

    life.until(when(29))
    assert life.heard.count("coupon.expiring") == 1
    assert len(life.record.coupons) == 1

    life.until(when(30))
    assert life.record.coupons == []
    assert "coupon.expiring" not in life.heard


def test_each_of_several_coupons_is_spoken_of_in_its_time() -> None:
    life = Life()
    holds(life, Coupon("A", 7, when(30)), Coupon("B", 7, when(20)), Coupon("C", 7, when(20)))

    life.until(when(19))
    assert life.heard.count("coupon.expiring") == 2

    life.until(when(40))
    assert life.heard.count("coupon.expiring") == 1


def test_nobody_is_reminded_of_a_coupon_that_was_used() -> None:
    life = Life()
    holds(life, Coupon("TEND-1", 7, when(30)))

    life.happens(placed(coupons=["TEND-1"]))
    life.until(when(40))

    assert "coupon.expiring" not in life.heard


def test_two_parcels_promised_for_one_hour_are_both_overdue() -> None:
    life = Life()
    life.happens(placed(promised=when(2)), placed(when(0, 1), order_id="o-2", promised=when(2)))

    life.until(when(3))

    assert life.heard.count("delivery.overdue") == 2


def test_two_complaints_with_one_deadline_are_both_escalated() -> None:
    life = Life()
    life.happens(complained(), complained(complaint_id="p-2"))

    life.until(when(9))

    assert life.heard.count("complaint.breached") == 2


def test_a_birthday_that_was_changed_to_another_day_does_not_come_twice() -> None:
    life = Life()
    life.happens(event("customer.registered", birthday="03-05"))
    life.until(when(4))
    assert life.heard.count("birthday") == 1

    life.happens(event("customer.updated", when(5), birthday="03-20"))
    life.until(when(5) + HOUR)

    assert "birthday" not in life.heard


def test_the_tick_sets_waits_anew_where_the_numbers_have_changed() -> None:
    life = Life()
    life.happens(placed(amount=10_000))
    assert life.due(TimerKind.POINTS_EXPIRY) is not None
    life.record.timers = [timer for timer in life.record.timers if timer.kind == TimerKind.TICK]

    life.until(when(7))

    assert life.due(TimerKind.POINTS_EXPIRY) is not None
    assert life.due(TimerKind.FESTIVAL) is not None


def test_points_that_lapse_are_counted() -> None:
    life = Life()
    life.happens(placed(amount=10_000))

    assert life.until(when(500)).codes[OutcomeCode.POINTS_LAPSED] == 100


def test_in_service_a_wait_is_decided_at_the_clock_however_late_it_is_looked_at() -> None:
    life = Life()
    life.happens(placed(promised=when(1)))

    fire_timers(life.customer, when(3), life.lane, acting=when(3) + DAY)

    assert "delivery.overdue" in life.heard
    assert life.record.seen < when(3)


def test_timers_due_at_the_same_moment_all_ring() -> None:
    life = Life()
    survey = life.lane.rulebook.defaults.orders.survey_millis
    grace = life.lane.rulebook.defaults.orders.late_grace_millis
    moment = when(4)
    life.happens(
        placed(),
        placed(when(0, 1), order_id="o-2", promised=moment - grace),
        event("order.delivered", moment - survey, order_id="o-1"),
    )

    life.until(moment)

    heard = life.heard
    assert heard.count("delivery.overdue") == heard.count("survey.due") == 1


def test_the_weekly_tick_does_not_swallow_what_is_due_at_the_same_moment() -> None:
    life = Life()
    tick = life.due(TimerKind.TICK)
    assert tick is not None
    lead = life.lane.rulebook.defaults.coupons.reminder_millis
    holds(life, Coupon("TEND-1", 7, tick + lead))

    life.until(tick)

    assert life.heard.count("coupon.expiring") == 1
