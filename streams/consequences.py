"""What an order changes beside the order book: numbers, money, points, coupons, signals and what is waited for."""

from __future__ import annotations

from schemas.orders import OrderPlaced
from schemas.record import Order, TimerKind
from streams import points, purchases
from streams.churn import remember_signal
from streams.notes import Note
from streams.timer_schedule import overdue_at, schedule, schedule_points
from streams.turn import Turn


def notice_broken_promises(turn: Turn) -> None:
    """Orders on their way whose promised time has passed; each is noticed once for each promise."""
    for order in turn.orders.orders if turn.orders else ():
        if 0 < overdue_at(turn, order) <= turn.at:
            order.late = True
            turn.notice("delivery.overdue", order.id)


def catch_up(turn: Turn, order: Order, claimed: int) -> None:
    """What was heard of the order before it was placed; ``claimed`` came back of it."""
    if order.delivered:
        count_delivery(turn, order)
    if order.status == "cancelled":
        count_cancellation(turn, order)
    if order.status == "returned":
        count_return(turn, order, claimed, True)


def count_delivery(turn: Turn, order: Order) -> None:
    """The parcel arrived, in time or late."""
    numbers = turn.record.purchases
    numbers.delivered += 1
    order.late = 0 < order.promised < order.delivered - turn.defaults.orders.late_grace_millis
    if order.late:
        numbers.late += 1
        remember_signal(turn.record.buying, "late_delivery", turn.at)
        turn.notice("delivery.late", order.id)


def count_cancellation(turn: Turn, order: Order) -> None:
    """All of it is given back, and it counts in no year."""
    turn.record.purchases.cancelled += 1
    _refund(turn, order, order.amount, 1)
    if turn.record.purchases.count - turn.record.purchases.cancelled < 1:
        schedule(turn, TimerKind.SECOND_ORDER, None, order.id)


def count_return(turn: Turn, order: Order, amount: int, first: bool) -> None:
    """Some of it came back; ``first`` for the first part of an order."""
    if first:
        turn.record.purchases.returned += 1
        remember_signal(turn.record.buying, "return", turn.at)
    _refund(turn, order, amount, 0)


def _refund(turn: Turn, order: Order, amount: int, orders: int) -> None:
    amount = min(amount, order.amount - order.refunded)
    order.refunded += amount
    purchases.take_back(turn.record.purchases, order, amount, orders)
    due = _points_for(turn, order)
    if order.points > due:
        points.reverse(turn.record.points, order.points - due)
        order.points = due
        schedule_points(turn)


def reward(turn: Turn, order: Order) -> None:
    """Points for what she pays."""
    order.points = _points_for(turn, order)
    if order.points:
        expires = points.expiry(turn.at, turn.defaults.points.lapse_millis)
        if not points.earn(turn.record.points, order.points, expires):
            turn.note(Note.CAP_LOTS)
        schedule_points(turn)


def _points_for(turn: Turn, order: Order) -> int:
    """Points for what is paid and kept; none in a currency that is not hers."""
    if order.currency != turn.record.purchases.currency:
        return 0
    return (order.amount - order.refunded) // turn.defaults.points.minor_per_point


def use_coupons(turn: Turn, event: OrderPlaced) -> None:
    """Coupons of ours that she paid with."""
    for coupon in turn.record.coupons:
        if coupon.code in event.coupons:
            coupon.redeemed = True


def ask_for_a_second(turn: Turn, order: Order) -> None:
    """After a first order, wait for the second; when it comes, no longer."""
    for timer in [timer for timer in turn.record.timers if timer.kind == TimerKind.SECOND_ORDER]:
        turn.record.timers.remove(timer)
    if turn.record.purchases.count == 1:
        schedule(turn, TimerKind.SECOND_ORDER, turn.at + turn.defaults.orders.second_order_millis, order.id)
