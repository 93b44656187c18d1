"""What each ring of her alarm clock means. An alarm is a hint to look again: a stale one does no harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from schemas.record import Wait, WaitKind
from schemas.times import DAY, Millis, to_datetime
from streams import arming, complaints, consequences, points
from streams.notes import Note
from streams.turn import Turn

Ring = Callable[[Turn, Wait], None]


def tick(turn: Turn, wait: Wait) -> None:
    """The weekly look: time alone moves segments and stages, and a changed rulebook moves other waits."""
    arming.arm_tick(turn)
    arming.arm_dates(turn)
    arming.arm_points(turn)
    arming.arm_coupons(turn)


def cart(turn: Turn, wait: Wait) -> None:
    """The cart was not touched for the delay, or so long that it is forgotten."""
    at_hand, carts = turn.record.cart, turn.defaults.carts
    if at_hand is None:
        return
    if at_hand.touched + carts.forget_millis <= turn.at:
        turn.record.cart = None
    elif at_hand.value or at_hand.items:
        turn.notice("cart.left", at_hand.id)
    arming.arm_cart(turn)


def delivery(turn: Turn, wait: Wait) -> None:
    """Promised times have passed."""
    consequences.notice_broken_promises(turn)
    arming.arm_orders(turn)


def survey(turn: Turn, wait: Wait) -> None:
    """Time to ask after deliveries."""
    delivered = wait.due - turn.defaults.orders.survey_millis
    for order in turn.orders.orders if turn.orders else ():
        if order.delivered == delivered and arming.survey_at(turn, order) == wait.due:
            turn.notice("survey.due", order.id)
    arming.arm_orders(turn)


def complaint_deadline(turn: Turn, wait: Wait) -> None:
    """Deadlines have passed while complaints were open."""
    complaints.breached(turn)
    arming.arm_complaints(turn)


def complaint_follow_up(turn: Turn, wait: Wait) -> None:
    """Time to ask whether closed complaints are settled."""
    for one in turn.record.complaints.recent:
        if arming.follow_up_at(turn, one) == wait.due:
            turn.notice("complaint.follow_up", one.id)
    arming.arm_complaints(turn)


def birthday(turn: Turn, wait: Wait) -> None:
    """Her birthday."""
    found = arming.birthday_after(turn, wait.due - 1)
    if found is not None and found[0] == wait.due:
        turn.notice("birthday", found[1])
    arming.arm_dates(turn)


def festival(turn: Turn, wait: Wait) -> None:
    """A festival that she keeps."""
    found = arming.festival_after(turn, wait.due - 1)
    if found is not None and found[0] == wait.due:
        turn.notice("festival", found[1])
    arming.arm_dates(turn)


def points_expiry(turn: Turn, wait: Wait) -> None:
    """Points lapse soon, or now."""
    lead = turn.defaults.points.reminder_millis
    soon = [lot for lot in turn.record.points.lots if lot.expires - lead == wait.due]
    for lot in soon:
        turn.notice("points.expiring", _day(lot.expires), points=lot.points)
    gone = points.lapse(turn.record.points, turn.at)
    if gone:
        turn.note(Note.POINTS_LAPSED, gone)
    arming.arm_points(turn)


def coupon_expiry(turn: Turn, wait: Wait) -> None:
    """A coupon of ours lapses soon, or now."""
    lead, record = turn.defaults.coupons.reminder_millis, turn.record
    for coupon in record.coupons:
        if coupon.expires - lead == wait.due and not coupon.redeemed:
            turn.notice("coupon.expiring", coupon.code)
    record.coupons = [coupon for coupon in record.coupons if coupon.expires > turn.at]
    arming.arm_coupons(turn)


def second_order(turn: Turn, wait: Wait) -> None:
    """Time to ask for a second order."""
    turn.notice("second_order.due", wait.ref)


def nothing(turn: Turn, wait: Wait) -> None:
    """What the pipeline does by itself: maturity, release."""


RINGS: Final[Mapping[int, Ring]] = MappingProxyType(
    {
        WaitKind.TICK: tick,
        WaitKind.MATURITY: nothing,
        WaitKind.CART: cart,
        WaitKind.DELIVERY: delivery,
        WaitKind.SURVEY: survey,
        WaitKind.COMPLAINT_DEADLINE: complaint_deadline,
        WaitKind.COMPLAINT_FOLLOW_UP: complaint_follow_up,
        WaitKind.BIRTHDAY: birthday,
        WaitKind.FESTIVAL: festival,
        WaitKind.POINTS_EXPIRY: points_expiry,
        WaitKind.COUPON_EXPIRY: coupon_expiry,
        WaitKind.RELEASE: nothing,
        WaitKind.SECOND_ORDER: second_order,
    }
)


def tick_number(turn: Turn, wait: Wait) -> str:
    """Which tick of the schedule it is."""
    schedule = turn.context.tick
    return str((wait.due - schedule.origin) // schedule.period)


def _day(moment: Millis) -> str:
    return to_datetime(moment).strftime("%Y-%m-%d") if moment >= DAY else "1970-01-01"
