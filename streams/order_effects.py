"""What an order changes beside the order book: numbers, money, points, coupons, signals and what is waited for."""

from __future__ import annotations

from rules.context import EventContext
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.record import Order, TimerKind
from streams import points, purchases
from streams.churn import remember_signal
from streams.timer_schedule import overdue_at, schedule, schedule_points


def notice_broken_promises(context: EventContext) -> None:
    """Orders on their way whose promised time has passed; each is noticed once for each promise."""
    for order in context.orders.orders if context.orders else ():
        if 0 < overdue_at(context, order) <= context.at:
            order.late = True
            context.notice("delivery.overdue", order.id)


def catch_up(context: EventContext, order: Order, claimed: int) -> None:
    """What was heard of the order before it was placed; ``claimed`` came back of it."""
    if order.delivered:
        count_delivery(context, order)
    if order.status == "cancelled":
        count_cancellation(context, order)
    if order.status == "returned":
        count_return(context, order, claimed, True)


def count_delivery(context: EventContext, order: Order) -> None:
    """The parcel arrived, in time or late."""
    numbers = context.record.purchases
    numbers.delivered += 1
    order.late = 0 < order.promised < order.delivered - context.defaults.orders.late_grace_millis
    if order.late:
        numbers.late += 1
        remember_signal(context.record.purchase_features, "late_delivery", context.at)
        context.notice("delivery.late", order.id)


def count_cancellation(context: EventContext, order: Order) -> None:
    """All of it is given back, and it counts in no year."""
    context.record.purchases.cancelled += 1
    _refund(context, order, order.amount, 1)
    if context.record.purchases.count - context.record.purchases.cancelled < 1:
        schedule(context, TimerKind.SECOND_ORDER, None, order.id)


def count_return(context: EventContext, order: Order, amount: int, first: bool) -> None:
    """Some of it came back; ``first`` for the first part of an order."""
    if first:
        context.record.purchases.returned += 1
        remember_signal(context.record.purchase_features, "return", context.at)
    _refund(context, order, amount, 0)


def _refund(context: EventContext, order: Order, amount: int, orders: int) -> None:
    amount = min(amount, order.amount - order.refunded)
    order.refunded += amount
    purchases.take_back(context.record.purchases, order, amount, orders)
    due = _points_for(context, order)
    if order.points > due:
        points.reverse(context.record.points, order.points - due)
        order.points = due
        schedule_points(context)


def reward(context: EventContext, order: Order) -> None:
    """Points for what the customer pays."""
    order.points = _points_for(context, order)
    if order.points:
        expires = points.expiry(context.at, context.defaults.points.lapse_millis)
        if not points.earn(context.record.points, order.points, expires):
            context.count(OutcomeCode.CAP_LOTS)
        schedule_points(context)


def _points_for(context: EventContext, order: Order) -> int:
    """Points for what is paid and kept; none in a currency that is not the customer's."""
    if order.currency != context.record.purchases.currency:
        return 0
    return (order.amount - order.refunded) // context.defaults.points.minor_per_point


def use_coupons(context: EventContext, event: OrderPlaced) -> None:
    """Coupons of ours that the customer paid with."""
    for coupon in context.record.coupons:
        if coupon.code in event.coupons:
            coupon.redeemed = True


def ask_for_a_second(context: EventContext, order: Order) -> None:
    """After a first order, wait for the second; when it comes, no longer."""
    for timer in [timer for timer in context.record.timers if timer.kind == TimerKind.SECOND_ORDER]:
        context.record.timers.remove(timer)
    if context.record.purchases.count == 1:
        schedule(context, TimerKind.SECOND_ORDER, context.at + context.defaults.orders.second_order_millis, order.id)
