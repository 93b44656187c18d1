"""Orders: from placed to delivered, cancelled or returned, in whatever order the news comes.

An order is known by its own id, however old: news that was applied, or that says less than is known, changes nothing.
News of an order that was not placed yet is kept in the book and takes effect when the order comes.
"""

from __future__ import annotations

from datetime import datetime

from schemas.orders import OrderCancelled, OrderDelivered, OrderDispatched, OrderEvent, OrderPlaced, OrderReturned
from schemas.record import MAX_ORDERS, Order, OrderBook
from schemas.times import Millis, to_millis
from streams import carts, consequences, forecast, purchases
from streams.notes import Note
from streams.timer_schedule import OPEN, schedule_orders
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
    consequences.reward(turn, order)
    consequences.use_coupons(turn, event)
    carts.close(turn, event)
    consequences.ask_for_a_second(turn, order)
    consequences.catch_up(turn, order, claimed)
    consequences.notice_broken_promises(turn)
    schedule_orders(turn)
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
        consequences.notice_broken_promises(turn)
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
        consequences.count_delivery(turn, order)
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
        consequences.count_cancellation(turn, order)
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
        consequences.count_return(turn, order, event.amount, first)
    _touch(turn, order, event)
    return None


def find(book: OrderBook | None, order_id: str) -> Order | None:
    """The order of that id; the newest are sought first."""
    return next((order for order in reversed(book.orders) if order.id == order_id), None) if book else None


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
    schedule_orders(turn)


def _millis(moment: datetime | None) -> Millis:
    return to_millis(moment) if moment else 0
