"""Orders: from placed to delivered, cancelled or returned, in whatever order the news comes.

An order is known by its own id, however old: news that was applied, or that says less than is known, changes nothing.
News of an order that was not placed yet is kept in the book and takes effect when the order comes.
"""

from __future__ import annotations

from datetime import datetime

from schemas.orders import OrderCancelled, OrderDelivered, OrderDispatched, OrderEvent, OrderPlaced, OrderReturned
from schemas.record import MAX_ORDERS, Order, OrderBook, WaitKind
from schemas.times import Millis, to_millis
from streams import carts, forecast, points, purchases
from streams.arming import OPEN, arm, arm_orders, arm_points, overdue_at
from streams.churn import remember_signal
from streams.notes import Note
from streams.turn import Turn


def place(turn: Turn, event: OrderPlaced) -> Note | None:
    """She has ordered."""
    order = find(turn.orders, event.order_id)
    if order is not None and order.placed:
        return Note.DUPLICATE
    if order is None:
        if _forgotten(turn, event):
            return Note.TOO_OLD_ORDER
        order = _enter(turn, event.order_id)
    order.placed, order.amount, order.currency = max(event.at, 1), event.amount, event.currency
    order.promised = order.promised or _millis(event.promised_at)
    order.changed = max(order.changed, event.at)
    claimed, order.refunded = order.refunded, 0
    forecast.remember(turn, order.amount)
    if not purchases.count_order(turn.record.purchases, order, turn.at):
        turn.note(Note.FOREIGN_CURRENCY)
    _reward(turn, order)
    _use_coupons(turn, event)
    carts.close(turn, event)
    _ask_for_a_second(turn, order)
    _catch_up(turn, order, claimed)
    notice_broken_promises(turn)
    arm_orders(turn)
    return None


def dispatch(turn: Turn, event: OrderDispatched) -> Note | None:
    """The parcel left."""
    order = find(turn.orders, event.order_id)
    if order is not None and order.status != "placed":
        return Note.DUPLICATE if order.status == "dispatched" else Note.OUTDATED
    order = order or _wait_for(turn, event)
    if order is None:
        return Note.TOO_OLD_ORDER
    order.status = "dispatched"
    if event.promised_at and _millis(event.promised_at) != order.promised:
        order.promised, order.late = _millis(event.promised_at), False
        notice_broken_promises(turn)
    _touch(turn, order, event)
    return None


def deliver(turn: Turn, event: OrderDelivered) -> Note | None:
    """The parcel arrived."""
    order = find(turn.orders, event.order_id)
    if order is not None and (order.delivered or order.status == "cancelled"):
        return Note.DUPLICATE if order.delivered else Note.OUTDATED
    order = order or _wait_for(turn, event)
    if order is None:
        return Note.TOO_OLD_ORDER
    order.delivered = max(event.at, 1)
    if order.status in OPEN:
        order.status = "delivered"
    if order.placed:
        _count_delivery(turn, order)
    _touch(turn, order, event)
    return None


def cancel(turn: Turn, event: OrderCancelled) -> Note | None:
    """It will not be delivered."""
    order = find(turn.orders, event.order_id)
    if order is not None and order.status in ("cancelled", "returned"):
        return Note.DUPLICATE if order.status == "cancelled" else Note.OUTDATED
    order = order or _wait_for(turn, event)
    if order is None:
        return Note.TOO_OLD_ORDER
    order.status = "cancelled"
    if order.placed:
        _count_cancellation(turn, order)
    _touch(turn, order, event)
    return None


def take_back(turn: Turn, event: OrderReturned) -> Note | None:
    """Goods came back; an order may come back in parts."""
    order = find(turn.orders, event.order_id)
    if order is not None and (order.status == "cancelled" or _applied(turn, order, event)):
        return Note.OUTDATED if order.status == "cancelled" else Note.DUPLICATE
    order = order or _wait_for(turn, event)
    if order is None:
        return Note.TOO_OLD_ORDER
    first = order.status != "returned"
    order.status = "returned"
    if not order.placed:
        order.refunded += event.amount
    else:
        _count_return(turn, order, event.amount, first)
    _touch(turn, order, event)
    return None


def find(book: OrderBook | None, order_id: str) -> Order | None:
    """The order of that id; the newest are sought first."""
    return next((order for order in reversed(book.orders) if order.id == order_id), None) if book else None


def notice_broken_promises(turn: Turn) -> None:
    """Orders on their way whose promised time has passed; each is noticed once for each promise."""
    for order in turn.orders.orders if turn.orders else ():
        if 0 < overdue_at(turn, order) <= turn.at:
            order.late = True
            turn.notice("delivery.overdue", order.id)


def _applied(turn: Turn, order: Order, event: OrderReturned) -> bool:
    """Whether this return was counted before: where the ring of event ids cannot tell, by its time."""
    all_back = bool(order.placed) and order.status == "returned" and order.refunded >= order.amount
    return all_back or event.at <= min(order.changed, turn.record.recent.reach)


def _forgotten(turn: Turn, event: OrderEvent) -> bool:
    return turn.orders is not None and event.at <= turn.orders.reach


def _wait_for(turn: Turn, event: OrderEvent) -> Order | None:
    """A place in the book for an order that was not placed yet, or None where it may be one that was forgotten."""
    if _forgotten(turn, event):
        return None
    turn.note(Note.UNKNOWN_ORDER)
    return _enter(turn, event.order_id)


def _enter(turn: Turn, order_id: str) -> Order:
    turn.orders = book = turn.orders or OrderBook()
    if len(book.orders) >= MAX_ORDERS:
        settled = (order for order in book.orders if order.status not in OPEN)
        goes = next(settled, book.orders[0])
        book.orders.remove(goes)
        book.reach = max(book.reach, goes.changed)
        if goes.status in OPEN:
            turn.note(Note.CAP_ORDERS)
    order = Order(order_id)
    book.orders.append(order)
    return order


def _touch(turn: Turn, order: Order, event: OrderEvent) -> None:
    order.changed = max(order.changed, event.at)
    arm_orders(turn)


def _catch_up(turn: Turn, order: Order, claimed: int) -> None:
    """What was heard of the order before it was placed; ``claimed`` came back of it."""
    if order.delivered:
        _count_delivery(turn, order)
    if order.status == "cancelled":
        _count_cancellation(turn, order)
    if order.status == "returned":
        _count_return(turn, order, claimed, True)


def _count_delivery(turn: Turn, order: Order) -> None:
    numbers = turn.record.purchases
    numbers.delivered += 1
    order.late = 0 < order.promised < order.delivered - turn.defaults.orders.late_grace_millis
    if order.late:
        numbers.late += 1
        remember_signal(turn.record.buying, "late_delivery", turn.at)
        turn.notice("delivery.late", order.id)


def _count_cancellation(turn: Turn, order: Order) -> None:
    turn.record.purchases.cancelled += 1
    _refund(turn, order, order.amount, 1)
    if turn.record.purchases.count - turn.record.purchases.cancelled < 1:
        arm(turn, WaitKind.SECOND_ORDER, None, order.id)


def _count_return(turn: Turn, order: Order, amount: int, first: bool) -> None:
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
        arm_points(turn)


def _reward(turn: Turn, order: Order) -> None:
    order.points = _points_for(turn, order)
    if order.points:
        expires = points.expiry(turn.at, turn.defaults.points.lapse_millis)
        if not points.earn(turn.record.points, order.points, expires):
            turn.note(Note.CAP_LOTS)
        arm_points(turn)


def _points_for(turn: Turn, order: Order) -> int:
    """Points for what is paid and kept; none in a currency that is not hers."""
    if order.currency != turn.record.purchases.currency:
        return 0
    return (order.amount - order.refunded) // turn.defaults.points.minor_per_point


def _use_coupons(turn: Turn, event: OrderPlaced) -> None:
    for coupon in turn.record.coupons:
        if coupon.code in event.coupons:
            coupon.redeemed = True


def _ask_for_a_second(turn: Turn, order: Order) -> None:
    """After a first order, wait for the second; when it comes, no longer."""
    for wait in [wait for wait in turn.record.waits if wait.kind == WaitKind.SECOND_ORDER]:
        turn.record.waits.remove(wait)
    if turn.record.purchases.count == 1:
        arm(turn, WaitKind.SECOND_ORDER, turn.at + turn.defaults.orders.second_order_millis, order.id)


def _millis(moment: datetime | None) -> Millis:
    return to_millis(moment) if moment else 0
