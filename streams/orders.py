"""Orders: from placed to delivered, cancelled or returned, in whatever order the news comes.

An order is known by its own id, however old: news that was applied, or that says less than is known, changes nothing.
News of an order that was not placed yet is kept in the book and takes effect when the order comes.
"""

from __future__ import annotations

from datetime import datetime

from rules.context import EventContext
from schemas.orders import OrderCancelled, OrderDelivered, OrderDispatched, OrderEvent, OrderPlaced, OrderReturned
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_ORDERS, Order, OrderBook
from schemas.times import Millis, to_millis
from streams import carts, churn_update, order_effects, purchases
from streams.timer_schedule import OPEN, schedule_orders


def place(context: EventContext, event: OrderPlaced) -> OutcomeCode | None:
    """The customer has ordered."""
    order = find(context.orders, event.order_id)
    if order is not None and order.placed:
        return OutcomeCode.DUPLICATE
    if order is None:
        if _forgotten(context, event):
            return OutcomeCode.TOO_OLD_ORDER
        order = _enter(context, event.order_id)
    order.placed, order.amount, order.currency = max(event.at, 1), event.amount, event.currency
    order.promised = order.promised or _millis(event.promised_at)
    order.changed = max(order.changed, event.at)
    claimed, order.refunded = order.refunded, 0
    churn_update.remember(context, order.amount)
    if not purchases.count_order(context.record.purchases, order, context.at):
        context.count(OutcomeCode.FOREIGN_CURRENCY)
    order_effects.reward(context, order)
    order_effects.use_coupons(context, event)
    carts.close(context, event)
    order_effects.ask_for_a_second(context, order)
    order_effects.catch_up(context, order, claimed)
    order_effects.notice_broken_promises(context)
    schedule_orders(context)
    return None


def dispatch(context: EventContext, event: OrderDispatched) -> OutcomeCode | None:
    """The parcel left."""
    order = find(context.orders, event.order_id)
    if order is not None and order.status != "placed":
        return OutcomeCode.DUPLICATE if order.status == "dispatched" else OutcomeCode.OUTDATED
    order = order or _wait_for(context, event)
    if order is None:
        return OutcomeCode.TOO_OLD_ORDER
    order.status = "dispatched"
    if event.promised_at and _millis(event.promised_at) != order.promised:
        order.promised, order.late = _millis(event.promised_at), False
        order_effects.notice_broken_promises(context)
    _touch(context, order, event)
    return None


def deliver(context: EventContext, event: OrderDelivered) -> OutcomeCode | None:
    """The parcel arrived."""
    order = find(context.orders, event.order_id)
    if order is not None and (order.delivered or order.status == "cancelled"):
        return OutcomeCode.DUPLICATE if order.delivered else OutcomeCode.OUTDATED
    order = order or _wait_for(context, event)
    if order is None:
        return OutcomeCode.TOO_OLD_ORDER
    order.delivered = max(event.at, 1)
    if order.status in OPEN:
        order.status = "delivered"
    if order.placed:
        order_effects.count_delivery(context, order)
    _touch(context, order, event)
    return None


def cancel(context: EventContext, event: OrderCancelled) -> OutcomeCode | None:
    """It will not be delivered."""
    order = find(context.orders, event.order_id)
    if order is not None and order.status in ("cancelled", "returned"):
        return OutcomeCode.DUPLICATE if order.status == "cancelled" else OutcomeCode.OUTDATED
    order = order or _wait_for(context, event)
    if order is None:
        return OutcomeCode.TOO_OLD_ORDER
    order.status = "cancelled"
    if order.placed:
        order_effects.count_cancellation(context, order)
    _touch(context, order, event)
    return None


def take_back(context: EventContext, event: OrderReturned) -> OutcomeCode | None:
    """Goods came back; an order may come back in parts."""
    order = find(context.orders, event.order_id)
    if order is not None and (order.status == "cancelled" or _applied(context, order, event)):
        return OutcomeCode.OUTDATED if order.status == "cancelled" else OutcomeCode.DUPLICATE
    order = order or _wait_for(context, event)
    if order is None:
        return OutcomeCode.TOO_OLD_ORDER
    first = order.status != "returned"
    order.status = "returned"
    if not order.placed:
        order.refunded += event.amount
    else:
        order_effects.count_return(context, order, event.amount, first)
    _touch(context, order, event)
    return None


def find(book: OrderBook | None, order_id: str) -> Order | None:
    """The order of that id; the newest are sought first."""
    return next((order for order in reversed(book.orders) if order.id == order_id), None) if book else None


def _applied(context: EventContext, order: Order, event: OrderReturned) -> bool:
    """Whether this return was counted before: where the ring of event ids cannot tell, by its time."""
    all_back = bool(order.placed) and order.status == "returned" and order.refunded >= order.amount
    return all_back or event.at <= min(order.changed, context.record.recent.reach)


def _forgotten(context: EventContext, event: OrderEvent) -> bool:
    return context.orders is not None and event.at <= context.orders.reach


def _wait_for(context: EventContext, event: OrderEvent) -> Order | None:
    """A place in the book for an order that was not placed yet, or None where it may be one that was forgotten."""
    if _forgotten(context, event):
        return None
    context.count(OutcomeCode.UNKNOWN_ORDER)
    return _enter(context, event.order_id)


def _enter(context: EventContext, order_id: str) -> Order:
    context.orders = book = context.orders or OrderBook()
    if len(book.orders) >= MAX_ORDERS:
        settled = (order for order in book.orders if order.status not in OPEN)
        goes = next(settled, book.orders[0])
        book.orders.remove(goes)
        book.reach = max(book.reach, goes.changed)
        if goes.status in OPEN:
            context.count(OutcomeCode.CAP_ORDERS)
    order = Order(order_id)
    book.orders.append(order)
    return order


def _touch(context: EventContext, order: Order, event: OrderEvent) -> None:
    order.changed = max(order.changed, event.at)
    schedule_orders(context)


def _millis(moment: datetime | None) -> Millis:
    return to_millis(moment) if moment else 0
