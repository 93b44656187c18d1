"""What is done when a timer is due, by its kind. A timer is a hint to look again: a stale one does no harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from schemas.record import Timer, TimerKind
from schemas.times import DAY, Millis, to_datetime
from streams import complaints, consequences, points, timer_schedule
from streams.notes import Note
from streams.turn import Turn

TimerHandler = Callable[[Turn, Timer], None]


def tick(turn: Turn, timer: Timer) -> None:
    """The weekly look: time alone moves segments and stages, and a changed rulebook moves other timers."""
    timer_schedule.schedule_tick(turn)
    timer_schedule.schedule_dates(turn)
    timer_schedule.schedule_points(turn)
    timer_schedule.schedule_coupons(turn)


def cart(turn: Turn, timer: Timer) -> None:
    """The cart was not touched for the delay, or so long that it is forgotten."""
    at_hand, carts = turn.record.cart, turn.defaults.carts
    if at_hand is None:
        return
    if at_hand.touched + carts.forget_millis <= turn.at:
        turn.record.cart = None
    elif at_hand.value or at_hand.items:
        turn.notice("cart.left", at_hand.id)
    timer_schedule.schedule_cart(turn)


def delivery(turn: Turn, timer: Timer) -> None:
    """Promised times have passed."""
    consequences.notice_broken_promises(turn)
    timer_schedule.schedule_orders(turn)


def survey(turn: Turn, timer: Timer) -> None:
    """Time to ask after deliveries."""
    delivered = timer.due - turn.defaults.orders.survey_millis
    for order in turn.orders.orders if turn.orders else ():
        if order.delivered == delivered and timer_schedule.survey_at(turn, order) == timer.due:
            turn.notice("survey.due", order.id)
    timer_schedule.schedule_orders(turn)


def complaint_deadline(turn: Turn, timer: Timer) -> None:
    """Deadlines have passed while complaints were open."""
    complaints.breached(turn)
    timer_schedule.schedule_complaints(turn)


def complaint_follow_up(turn: Turn, timer: Timer) -> None:
    """Time to ask whether closed complaints are settled."""
    for one in turn.record.complaints.recent:
        if timer_schedule.follow_up_at(turn, one) == timer.due:
            turn.notice("complaint.follow_up", one.id)
    timer_schedule.schedule_complaints(turn)


def birthday(turn: Turn, timer: Timer) -> None:
    """Her birthday."""
    found = timer_schedule.birthday_after(turn, timer.due - 1)
    if found is not None and found[0] == timer.due:
        turn.notice("birthday", found[1])
    timer_schedule.schedule_dates(turn)


def festival(turn: Turn, timer: Timer) -> None:
    """A festival that she keeps."""
    found = timer_schedule.festival_after(turn, timer.due - 1)
    if found is not None and found[0] == timer.due:
        turn.notice("festival", found[1])
    timer_schedule.schedule_dates(turn)


def points_expiry(turn: Turn, timer: Timer) -> None:
    """Points lapse soon, or now."""
    lead = turn.defaults.points.reminder_millis
    soon = [lot for lot in turn.record.points.lots if lot.expires - lead == timer.due]
    for lot in soon:
        turn.notice("points.expiring", _day(lot.expires), points=lot.points)
    gone = points.lapse(turn.record.points, turn.at)
    if gone:
        turn.note(Note.POINTS_LAPSED, gone)
    timer_schedule.schedule_points(turn)


def coupon_expiry(turn: Turn, timer: Timer) -> None:
    """A coupon of ours lapses soon, or now."""
    lead, record = turn.defaults.coupons.reminder_millis, turn.record
    for coupon in record.coupons:
        if coupon.expires - lead == timer.due and not coupon.redeemed:
            turn.notice("coupon.expiring", coupon.code)
    record.coupons = [coupon for coupon in record.coupons if coupon.expires > turn.at]
    timer_schedule.schedule_coupons(turn)


def second_order(turn: Turn, timer: Timer) -> None:
    """Time to ask for a second order."""
    turn.notice("second_order.due", timer.ref)


def nothing(turn: Turn, timer: Timer) -> None:
    """What the pipeline does by itself: maturity, release."""


TIMER_HANDLERS: Final[Mapping[int, TimerHandler]] = MappingProxyType(
    {
        TimerKind.TICK: tick,
        TimerKind.MATURITY: nothing,
        TimerKind.CART: cart,
        TimerKind.DELIVERY: delivery,
        TimerKind.SURVEY: survey,
        TimerKind.COMPLAINT_DEADLINE: complaint_deadline,
        TimerKind.COMPLAINT_FOLLOW_UP: complaint_follow_up,
        TimerKind.BIRTHDAY: birthday,
        TimerKind.FESTIVAL: festival,
        TimerKind.POINTS_EXPIRY: points_expiry,
        TimerKind.COUPON_EXPIRY: coupon_expiry,
        TimerKind.RELEASE: nothing,
        TimerKind.SECOND_ORDER: second_order,
    }
)


def tick_number(turn: Turn, timer: Timer) -> str:
    """Which tick of the schedule it is."""
    schedule = turn.context.tick
    return str((timer.due - schedule.origin) // schedule.period)


def _day(moment: Millis) -> str:
    return to_datetime(moment).strftime("%Y-%m-%d") if moment >= DAY else "1970-01-01"
