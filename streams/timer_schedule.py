"""When to look at a customer again: one timer for each kind, at the earliest of its moments.

What is due is found again when the timer fires. So timers stay few however many orders, coupons or complaints are open.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.calendar import next_birthday, next_festival, spread
from schemas.record import Complaint, Order, TimerKind
from schemas.timers import clear_timer, set_timer, timer_due
from schemas.times import Millis
from streams import points
from streams.churn import next_maturity, next_tick
from streams.notes import Note
from streams.turn import Turn

OPEN = ("placed", "dispatched")
"""Orders on their way."""


def schedule(turn: Turn, kind: TimerKind, due: Millis | None, ref: str = "") -> None:
    """Set the timer of this kind to ``due``, or take it off where that is None.

    A timer that is due at this very moment stays: it is the next to fire, and is set anew then.
    """
    set_for = timer_due(turn.record, kind, ref)
    if set_for == due or (set_for is not None and set_for <= turn.at):
        return
    if due is None:
        clear_timer(turn.record, kind, ref)
    elif not set_timer(turn.record, kind, due, ref):
        turn.note(Note.CAP_TIMERS)


def schedule_tick(turn: Turn) -> None:
    """The next weekly look at her."""
    schedule(turn, TimerKind.TICK, next_tick(turn.context.tick, turn.record.id, turn.at))


def schedule_maturity(turn: Turn) -> None:
    """The moment at which her first open question can be answered."""
    schedule(turn, TimerKind.MATURITY, next_maturity(turn.record.asked))


def schedule_cart(turn: Turn) -> None:
    """A cart is left when nobody touched it for the delay, and forgotten long after."""
    cart = turn.record.cart
    if cart is None:
        schedule(turn, TimerKind.CART, None)
    else:
        carts = turn.defaults.carts
        schedule(
            turn,
            TimerKind.CART,
            _first((cart.touched + carts.delay_millis, cart.touched + carts.forget_millis), turn.at),
        )


def schedule_orders(turn: Turn) -> None:
    """Promised deliveries, and surveys after deliveries."""
    overdue: list[Millis] = []
    surveys: list[Millis] = []
    asked = turn.at - turn.defaults.orders.survey_millis
    for order in turn.orders.orders if turn.orders else ():
        # Of up to four dozen orders few are under way, or so fresh that nobody asked yet.
        if order.status in OPEN:
            overdue.append(overdue_at(turn, order))
        elif order.delivered > asked:
            surveys.append(survey_at(turn, order))
    schedule(turn, TimerKind.DELIVERY, _first(overdue, turn.at))
    schedule(turn, TimerKind.SURVEY, _first(surveys, turn.at))


def schedule_complaints(turn: Turn) -> None:
    """Deadlines of open complaints, and the question whether closed ones are settled."""
    recent = turn.record.complaints.recent
    schedule(turn, TimerKind.COMPLAINT_DEADLINE, _first((deadline_of(one) for one in recent), turn.at))
    schedule(turn, TimerKind.COMPLAINT_FOLLOW_UP, _first((follow_up_at(turn, one) for one in recent), turn.at))


def schedule_points(turn: Turn) -> None:
    """A reminder before points lapse, and the lapse."""
    lead = turn.defaults.points.reminder_millis
    schedule(turn, TimerKind.POINTS_EXPIRY, points.due_next(turn.record.points, lead, turn.at))


def schedule_coupons(turn: Turn) -> None:
    """A reminder before a coupon lapses, and the lapse."""
    lead = turn.defaults.coupons.reminder_millis
    moments = (m for c in turn.record.coupons if not c.redeemed for m in (c.expires - lead, c.expires))
    schedule(turn, TimerKind.COUPON_EXPIRY, _first(moments, turn.at))


def schedule_dates(turn: Turn) -> None:
    """Her birthday and the next festival, each at the greeting time and a little spread."""
    birthday, festival = birthday_after(turn, turn.at), festival_after(turn, turn.at)
    schedule(turn, TimerKind.BIRTHDAY, birthday and birthday[0])
    schedule(turn, TimerKind.FESTIVAL, festival and festival[0])


def birthday_after(turn: Turn, after: Millis) -> tuple[Millis, str] | None:
    """When to congratulate her next, and the year it is for."""
    record = turn.record
    delay = spread(record.id, "birthday", turn.defaults.place.spread_millis)
    found = next_birthday(record.profile, turn.defaults, after - delay)
    return found and (found[0] + delay, str(found[1]))


def festival_after(turn: Turn, after: Millis) -> tuple[Millis, str] | None:
    """When to greet her next for a festival, and which one of which year."""
    record, profile = turn.record, turn.record.profile
    delay = spread(record.id, "festival", turn.defaults.place.spread_millis)
    found = next_festival(turn.defaults, profile.zone, profile.locale, profile.region, after - delay)
    return found and (found[0] + delay, f"{found[1]}-{found[2]}")


def overdue_at(turn: Turn, order: Order) -> Millis:
    """When the order is late, or 0 where it cannot be, or is known to be."""
    waiting = order.placed and order.promised and order.status in OPEN and not order.late
    return order.promised + turn.defaults.orders.late_grace_millis if waiting else 0


def survey_at(turn: Turn, order: Order) -> Millis:
    """When to ask after the delivery, or 0."""
    return order.delivered + turn.defaults.orders.survey_millis if order.status == "delivered" and order.placed else 0


def deadline_of(complaint: Complaint) -> Millis:
    """When the complaint must be resolved, or 0 where it is, or was escalated."""
    return 0 if complaint.closed or complaint.escalated else complaint.deadline


def follow_up_at(turn: Turn, complaint: Complaint) -> Millis:
    """When to ask whether it is settled, or 0 while it is open."""
    return complaint.closed + turn.defaults.complaints.follow_up_millis if complaint.closed else 0


def due(turn: Turn, kind: TimerKind) -> Millis | None:
    """When she is due for this kind."""
    return timer_due(turn.record, kind)


def _first(moments: Iterable[Millis], after: Millis) -> Millis | None:
    return min((moment for moment in moments if moment > after), default=None)
