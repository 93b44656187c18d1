"""Orders: what is told of their goods and of their money, in whatever order it is told.

An event sets the facts that it tells and nothing else; where the order stands follows from all of them, and the
customer's numbers change by the difference that this makes (``streams.order_effects``). So the same events lead to
the same record in any order of arrival. News of an order that was not placed yet waits in the book until it is.
"""

from __future__ import annotations

from collections.abc import Callable

from rules.context import EventContext
from schemas.order_book import MAX_ORDERS, Order, OrderBook, Refund
from schemas.orders import (
    OrderCancelled,
    OrderDelivered,
    OrderDispatched,
    OrderEvent,
    OrderExchanged,
    OrderPlaced,
    OrderRestored,
    OrderReturned,
    OrderUpdated,
    RefundPaid,
    RefundRequested,
    RefundWithdrawn,
)
from schemas.outcome_codes import OutcomeCode
from schemas.times import DAY, Millis, earliest
from streams import carts, churn_update, duplicates, order_effects, parcels, wishes
from streams.churn import remember_signal
from streams.order_state import given_back, goods_of, refund_key, tell_amount, tell_promise, tell_refund
from streams.purchases import Share
from streams.timer_schedule import OPEN

REUSED: Millis = 180 * DAY
"""An order of a known number that lies this far from the known one is another: receipts count from 1 each year."""


def place(context: EventContext, event: OrderPlaced) -> OutcomeCode | None:
    """The customer has ordered."""
    order = find(context.orders, event.order_id, event.at)
    if order is not None and order.placed:
        if abs(event.at - order.placed) < REUSED:
            return _tell_again(context, order, event)
        order = None
    order = order or enter(context, event, event.order_id)
    if order is None:
        return OutcomeCode.TOO_OLD_ORDER
    before = order_effects.share_of(context, order)
    order.placed, order.currency = max(event.at, 1), event.currency
    tell_amount(order, event.amount, event.at)
    tell_promise(order, event.promised_at, event.at)
    if not order.replaces:
        churn_update.remember(context, event.amount, order.placed)
    if not order_effects.take_currency(context, order):
        context.count(OutcomeCode.FOREIGN_CURRENCY)
    order_effects.use_coupons(context, event)
    carts.close(context, event)
    if context.record.wishes:
        wishes.fulfil(context, event)
    settle(context, order, event, before)
    return None


def _tell_again(context: EventContext, order: Order, event: OrderPlaced) -> OutcomeCode | None:
    """The same order told once more: as it was edited since, or nothing new."""
    before = order_effects.share_of(context, order)
    told = [tell_amount(order, event.amount, event.at), tell_promise(order, event.promised_at, event.at)]
    order.placed = min(order.placed, max(event.at, 1))
    if not any(told) and order.placed == before.placed:
        order.changed = max(order.changed, event.at)
        return OutcomeCode.DUPLICATE
    order_effects.use_coupons(context, event)
    settle(context, order, event, before)
    return None


def update(context: EventContext, event: OrderUpdated) -> OutcomeCode | None:
    """The order was edited."""

    def tell(order: Order) -> OutcomeCode | None:
        told = [
            event.amount is not None and tell_amount(order, event.amount, event.at),
            tell_promise(order, event.promised_at, event.at),
        ]
        return None if any(told) else OutcomeCode.OUTDATED

    return _change(context, event, tell)


def dispatch(context: EventContext, event: OrderDispatched) -> OutcomeCode | None:
    """The parcel left; of several the first says that it is on its way."""

    def tell(order: Order) -> OutcomeCode | None:
        told = [
            tell_promise(order, event.promised_at, event.at),
            not order.dispatched or event.at < order.dispatched,
            parcels.tell(order, event.parcel) if event.parcel else False,
            (event.parcels or 0) > order.expected,
        ]
        order.dispatched = earliest(order.dispatched, max(event.at, 1))
        order.expected = max(order.expected, event.parcels or 0)
        if order.parcels:
            order.delivered = parcels.arrived(order)
        return None if any(told) else OutcomeCode.DUPLICATE

    return _change(context, event, tell)


def deliver(context: EventContext, event: OrderDelivered) -> OutcomeCode | None:
    """The parcel arrived; of several the last says that the order has."""

    def tell(order: Order) -> OutcomeCode | None:
        if event.parcel or order.parcels:
            told = parcels.tell(order, event.parcel, max(event.at, 1))
            order.delivered = parcels.arrived(order)
            return None if told else OutcomeCode.DUPLICATE
        if order.delivered and event.at >= order.delivered:
            return OutcomeCode.DUPLICATE
        order.delivered = max(event.at, 1)
        return None

    return _change(context, event, tell)


def cancel(context: EventContext, event: OrderCancelled) -> OutcomeCode | None:
    """It will not be delivered."""

    def tell(order: Order) -> OutcomeCode | None:
        was, due = order.is_cancelled, order.due
        order.cancelled = max(order.cancelled, event.at, 1)
        if was:
            return OutcomeCode.DUPLICATE
        news = order.is_cancelled or order.due != due or not order.placed
        return None if news else OutcomeCode.OUTDATED

    return _change(context, event, tell)


def restore(context: EventContext, event: OrderRestored) -> OutcomeCode | None:
    """A cancellation was taken back."""

    def tell(order: Order) -> OutcomeCode | None:
        was, due = order.is_cancelled, order.due
        order.restored = max(order.restored, event.at, 1)
        news = (was and not order.is_cancelled) or order.due != due or not order.placed
        return None if news else OutcomeCode.OUTDATED

    return _change(context, event, tell)


def take_back(context: EventContext, event: OrderReturned) -> OutcomeCode | None:
    """Goods came back; an order may come back in parts."""

    def tell(order: Order) -> OutcomeCode | None:
        first = not order.came_back
        refused = tell_refund(order, Refund(refund_key(event), event.amount, goods=True))
        if refused is None and first:
            remember_signal(context.record.purchase_features, "return", context.at)
        return refused

    return _change(context, event, tell)


def exchange(context: EventContext, event: OrderExchanged) -> OutcomeCode | None:
    """Goods were exchanged for others."""

    def tell(order: Order) -> OutcomeCode | None:
        refused = tell_refund(order, Refund(duplicates.key_of(event.id)))
        order.exchanged += refused is None
        return refused

    if event.replacement not in (None, event.order_id):
        _replace(context, event, str(event.replacement))
    return _change(context, event, tell)


def request_refund(context: EventContext, event: RefundRequested) -> OutcomeCode | None:
    """Money is to go back."""
    asked = Refund(refund_key(event), event.amount or 0, requested=max(event.at, 1))
    return _change(context, event, lambda order: tell_refund(order, asked))


def pay_refund(context: EventContext, event: RefundPaid) -> OutcomeCode | None:
    """Money went back."""
    paid = Refund(refund_key(event), event.amount, paid=max(event.at, 1))
    return _change(context, event, lambda order: tell_refund(order, paid))


def withdraw_refund(context: EventContext, event: RefundWithdrawn) -> OutcomeCode | None:
    """Money will not go back after all."""
    withdrawn = Refund(refund_key(event), withdrawn=max(event.at, 1))
    return _change(context, event, lambda order: tell_refund(order, withdrawn))


def _replace(context: EventContext, event: OrderExchanged, replacement: str) -> None:
    """The order that brings the other goods is no further purchase, whichever of the two was heard of first."""
    order = find(context.orders, replacement) or enter(context, event, replacement)
    if order is None:
        return
    before = order_effects.share_of(context, order)
    order.replaces = True
    order_effects.date_anew(context)
    settle(context, order, event, before)


def find(book: OrderBook | None, order_id: str, at: Millis | None = None) -> Order | None:
    """The order of that id; where numbers were used again, the last one placed by ``at``."""
    if not book:
        return None
    named = [order for order in reversed(book.orders) if order.id == order_id]
    if at is None or len(named) < 2:
        return named[0] if named else None
    placed = sorted(named, key=lambda order: order.placed)
    return next((order for order in reversed(placed) if order.placed <= at), placed[0])


def make_room(context: EventContext, book: OrderBook) -> None:
    """Forget the oldest order of which nothing is waited for, else the oldest."""
    goes = next((order for order in book.orders if order.status not in OPEN), book.orders[0])
    book.orders.remove(goes)
    book.reach = max(book.reach, goes.changed)
    if goes.status in OPEN:
        context.count(OutcomeCode.CAP_ORDERS)


def _change(
    context: EventContext, event: OrderEvent, tell: Callable[[Order], OutcomeCode | None]
) -> OutcomeCode | None:
    """Tell the order something; what follows from it is settled, unless there was nothing new."""
    order_id = getattr(event, "order_id", "")
    order = find(context.orders, order_id, event.at)
    if order is None:
        order = enter(context, event, order_id)
        if order is None:
            return OutcomeCode.TOO_OLD_ORDER
        context.count(OutcomeCode.UNKNOWN_ORDER)
    before = order_effects.share_of(context, order)
    refused = tell(order)
    if refused is None:
        settle(context, order, event, before)
    else:
        order.changed = max(order.changed, event.at)
    return refused


def settle(context: EventContext, order: Order, event: OrderEvent, before: Share) -> None:
    """What follows from what the event told of the order; ``before`` is its share as it stood until then."""
    order.changed = max(order.changed, event.at)
    order.status = goods_of(order)
    order.refunded = given_back(order)
    order_effects.settle(context, order, before)


def enter(context: EventContext, event: OrderEvent, order_id: str) -> Order | None:
    """An order that the book does not know; none where the event may speak of one that it forgot."""
    if context.orders is not None and event.at <= context.orders.reach:
        return None
    context.orders = book = context.orders or OrderBook()
    if len(book.orders) >= MAX_ORDERS:
        make_room(context, book)
    order = Order(order_id)
    book.orders.append(order)
    return order
