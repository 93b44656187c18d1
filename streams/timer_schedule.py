"""When to look at a customer again: one timer for each kind, at the earliest of its moments.

What is due is found again when the timer fires. So timers stay few however many orders, coupons or complaints are open.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.calendar import next_birthday, spread
from rules.context import EventContext
from rules.festivals import FestivalMoment
from schemas.complaint_list import Complaint
from schemas.order_book import Order
from schemas.record import TimerKind
from schemas.timers import clear_timer, set_timer, timer_due
from schemas.times import Millis
from streams import points
from streams.churn import next_maturity

OPEN = ("placed", "dispatched")
"""Orders on their way."""


def schedule(context: EventContext, kind: TimerKind, due: Millis | None, ref: str = "") -> None:
    """Set the timer of this kind to ``due``, or take it off where that is None.

    A timer that is due at this very moment stays: it is the next to fire, and is set anew then.
    """
    set_for = timer_due(context.record, kind, ref)
    if set_for == due or (set_for is not None and set_for <= context.at):
        return
    if due is None:
        clear_timer(context.record, kind, ref)
    else:
        set_timer(context.record, kind, due, ref)


def timer_refs(context: EventContext, kind: TimerKind) -> list[str]:
    """What the customer is waiting for, of this kind."""
    return [timer.ref for timer in context.record.timers if timer.kind == kind]


def schedule_tick(context: EventContext) -> None:
    """The next weekly look at the customer."""
    schedule(context, TimerKind.TICK, context.lane.tick.next(context.record.id, context.catching_up))


def schedule_maturity(context: EventContext) -> None:
    """The moment at which the first pending label is known."""
    schedule(context, TimerKind.MATURITY, next_maturity(context.record.pending_labels))


def schedule_cart(context: EventContext) -> None:
    """A cart is left when nobody touched it for the delay, and forgotten long after."""
    cart = context.record.cart
    if cart is None:
        schedule(context, TimerKind.CART, None)
    else:
        carts = context.defaults.carts
        schedule(
            context,
            TimerKind.CART,
            _first((cart.touched + carts.delay_millis, cart.touched + carts.forget_millis), context.at),
        )


def schedule_orders(context: EventContext) -> None:
    """Promised deliveries, and surveys after deliveries."""
    overdue: list[Millis] = []
    surveys: list[Millis] = []
    asked = context.at - context.defaults.orders.survey_millis
    for order in context.orders.orders if context.orders else ():
        # Of up to four dozen orders few are under way, or so fresh that nobody asked yet.
        if order.status in OPEN:
            overdue.append(overdue_at(context, order))
        elif order.delivered > asked:
            surveys.append(survey_at(context, order))
    schedule(context, TimerKind.DELIVERY, _first(overdue, context.at))
    schedule(context, TimerKind.SURVEY, _first(surveys, context.at))


def schedule_complaints(context: EventContext) -> None:
    """Deadlines of open complaints, and the question whether closed ones are settled."""
    recent = context.record.complaints.recent
    schedule(context, TimerKind.COMPLAINT_DEADLINE, _first((deadline_of(one) for one in recent), context.at))
    schedule(context, TimerKind.COMPLAINT_FOLLOW_UP, _first((follow_up_at(context, one) for one in recent), context.at))


def schedule_points(context: EventContext) -> None:
    """A reminder before points lapse, and the lapse."""
    lead = context.defaults.points.reminder_millis
    schedule(context, TimerKind.POINTS_EXPIRY, points.due_next(context.record.points, lead, context.at))


def schedule_coupons(context: EventContext) -> None:
    """A reminder before a coupon lapses, and the lapse."""
    lead = context.defaults.coupons.reminder_millis
    moments = (m for c in context.record.coupons if not c.redeemed for m in (c.expires - lead, c.expires))
    schedule(context, TimerKind.COUPON_EXPIRY, _first(moments, context.at))


def schedule_dates(context: EventContext) -> None:
    """The birthday and the next festival, each at the greeting time and a little spread."""
    birthday, festival = birthday_after(context, context.catching_up), festival_after(context, context.catching_up)
    schedule(context, TimerKind.BIRTHDAY, birthday and birthday[0])
    schedule(context, TimerKind.FESTIVAL, festival)


def birthday_after(context: EventContext, after: Millis) -> tuple[Millis, str] | None:
    """When to congratulate the customer next, and the year it is for."""
    record = context.record
    delay = spread(record.id, "birthday", context.defaults.place.spread_millis)
    found = next_birthday(record.profile, context.defaults, after - delay)
    return found and (found[0] + delay, str(found[1]))


def festival_after(context: EventContext, after: Millis) -> Millis | None:
    """When a festival triggers rules for the customer next."""
    delay, festivals = _festival_delay(context), context.rulebook.festivals
    found = festivals.next(festivals.keeper(context.record.profile), after - delay)
    return found and found.moment + delay


def festivals_at(context: EventContext, moment: Millis) -> list[FestivalMoment]:
    """Those that trigger rules for the customer at this moment."""
    festivals = context.rulebook.festivals
    return festivals.at(festivals.keeper(context.record.profile), moment - _festival_delay(context))


def _festival_delay(context: EventContext) -> Millis:
    return spread(context.record.id, "festival", context.defaults.place.spread_millis)


def overdue_at(context: EventContext, order: Order) -> Millis:
    """When the order is late, or 0 where it cannot be, or is known to be. Who has all money back waits no longer."""
    if order.status not in OPEN or order.late or not order.placed:
        return 0
    due = order.due
    return due + context.defaults.orders.late_grace_millis if due and not order.is_paid_back else 0


def survey_at(context: EventContext, order: Order) -> Millis:
    """When to ask after the delivery, or 0."""
    return (
        order.delivered + context.defaults.orders.survey_millis if order.status == "delivered" and order.placed else 0
    )


def deadline_of(complaint: Complaint) -> Millis:
    """When the complaint must be resolved, or 0 where it is, or was escalated."""
    return complaint.deadline if complaint.is_open and not complaint.escalated else 0


def follow_up_at(context: EventContext, complaint: Complaint) -> Millis:
    """When to ask whether it is settled, or 0 while it is open."""
    return complaint.closed + context.defaults.complaints.follow_up_millis if complaint.closed else 0


def due(context: EventContext, kind: TimerKind) -> Millis | None:
    """When the customer is due for this kind."""
    return timer_due(context.record, kind)


def _first(moments: Iterable[Millis], after: Millis) -> Millis | None:
    first: Millis | None = None
    for moment in moments:
        if moment > after and (first is None or moment < first):
            first = moment
    return first
