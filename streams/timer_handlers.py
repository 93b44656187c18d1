"""What is done when a timer is due, by its kind. A timer is a hint to look again: a stale one does no harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rules.context import EventContext
from rules.rhythm import is_quiet
from schemas.outcome_codes import OutcomeCode
from schemas.readings import open_lots
from schemas.record import Timer, TimerKind
from schemas.times import DAY, WEEK, Millis, to_datetime
from streams import complaints, order_effects, points, talks, timer_schedule, wishes

TimerHandler = Callable[[EventContext, Timer], None]


def tick(context: EventContext, timer: Timer) -> None:
    """The weekly look: time alone moves segments and stages, and a changed rulebook moves other timers."""
    timer_schedule.schedule_tick(context)
    timer_schedule.schedule_dates(context)
    timer_schedule.schedule_points(context)
    timer_schedule.schedule_coupons(context)
    talks.forget(context)
    wishes.forget(context)
    # Once for each silence: quiet now, and not yet at the look before.
    if is_quiet(context, context.at) and not is_quiet(context, context.at - context.lane.tick.period):
        context.notice("rhythm.quiet", str(context.record.purchases.count))


def cart(context: EventContext, timer: Timer) -> None:
    """The cart was not touched for the delay, or so long that it is forgotten."""
    at_cache, carts = context.record.cart, context.defaults.carts
    if at_cache is None:
        return
    if at_cache.touched + carts.forget_millis <= context.at:
        context.record.cart = None
    elif at_cache.value or at_cache.items:
        context.notice("cart.left", at_cache.id)
    timer_schedule.schedule_cart(context)


def delivery(context: EventContext, timer: Timer) -> None:
    """Promised times have passed."""
    order_effects.notice_broken_promises(context)
    timer_schedule.schedule_orders(context)


def survey(context: EventContext, timer: Timer) -> None:
    """Time to ask after deliveries."""
    delivered = timer.due - context.defaults.orders.survey_millis
    for order in context.orders.orders if context.orders else ():
        if order.delivered == delivered and timer_schedule.survey_at(context, order) == timer.due:
            context.notice("survey.due", order.id)
    timer_schedule.schedule_orders(context)


def complaint_deadline(context: EventContext, timer: Timer) -> None:
    """Deadlines have passed while complaints were open."""
    complaints.breached(context)
    timer_schedule.schedule_complaints(context)


def complaint_follow_up(context: EventContext, timer: Timer) -> None:
    """Time to ask whether closed complaints are settled."""
    for one in context.record.complaints.recent:
        if timer_schedule.follow_up_at(context, one) == timer.due:
            context.notice("complaint.follow_up", one.id)
    timer_schedule.schedule_complaints(context)


def birthday(context: EventContext, timer: Timer) -> None:
    """The customer's birthday."""
    found = timer_schedule.birthday_after(context, timer.due - 1)
    if found is not None and found[0] == timer.due:
        context.notice("birthday", found[1])
    timer_schedule.schedule_dates(context)


def festival(context: EventContext, timer: Timer) -> None:
    """A festival that the customer keeps, today or so many days ahead as it says."""
    for found in timer_schedule.festivals_at(context, timer.due):
        context.notice(found.trigger, found.ref)
    timer_schedule.schedule_dates(context)


def points_expiry(context: EventContext, timer: Timer) -> None:
    """Points lapse soon, or now."""
    lead = context.defaults.points.reminder_millis
    soon = [lot for lot in open_lots(context.record.points) if lot.expires - lead == timer.due]
    for lot in soon:
        context.notice("points.expiring", _day(lot.expires), points=lot.points)
    gone = points.lapse(context.record.points, context.at)
    if gone:
        context.count(OutcomeCode.POINTS_LAPSED, gone)
    timer_schedule.schedule_points(context)


def coupon_expiry(context: EventContext, timer: Timer) -> None:
    """A coupon of ours lapses soon, or now."""
    lead, record = context.defaults.coupons.reminder_millis, context.record
    for coupon in record.coupons:
        if coupon.expires - lead == timer.due and not coupon.redeemed:
            context.notice("coupon.expiring", coupon.code)
    record.coupons = [coupon for coupon in record.coupons if coupon.expires > context.at]
    timer_schedule.schedule_coupons(context)


def second_order(context: EventContext, timer: Timer) -> None:
    """Time to ask for a second order."""
    context.notice("second_order.due", timer.ref)


def nothing(context: EventContext, timer: Timer) -> None:
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


def tick_number(context: EventContext, timer: Timer) -> str:
    """Which week the tick falls into: ticks lie a week apart or more."""
    return str((timer.due - context.lane.tick.origin) // WEEK)


def _day(moment: Millis) -> str:
    return to_datetime(moment).strftime("%Y-%m-%d") if moment >= DAY else "1970-01-01"
