"""What an order changes beside the order book: numbers, money, points, coupons, signals and what is waited for."""

from __future__ import annotations

from rules.context import EventContext
from schemas.order_book import Order, OrderBook
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.record import TimerKind
from schemas.times import Millis
from streams import points, purchases
from streams.churn import remember_signal
from streams.order_state import regained
from streams.purchases import Share
from streams.timer_schedule import OPEN, overdue_at, schedule, schedule_orders, schedule_points, timer_refs


def share_of(context: EventContext, order: Order) -> Share:
    """The order's share, as it stands."""
    if not order.placed:
        return Share()
    kept, bought = not order.is_cancelled, not order.replaces
    own = order.currency == context.record.purchases.currency
    return Share(
        orders=bought,
        placed=order.placed,
        cancelled=bought and order.is_cancelled,
        returned=kept and order.came_back,
        delivered=kept and order.delivered > 0,
        late=kept and _came_late(context, order),
        spent=order.amount - order.refunded if own else 0,
    )


def take_currency(context: EventContext, order: Order) -> bool:
    """The first order says in which currency the customer's money is counted; whether this one is in it."""
    numbers = context.record.purchases
    numbers.currency = numbers.currency or order.currency
    own = order.currency == numbers.currency
    numbers.foreign += not own
    return own


def settle(context: EventContext, order: Order, before: Share) -> None:
    """Change the customer's numbers by what the order changed, and what is waited for."""
    if order.placed:
        after = share_of(context, order)
        purchases.add_difference(context.record.purchases, before, after)
        _date(context)
        _reward(context, order, before.placed)
        if after.late > before.late:
            remember_signal(context.record.purchase_features, "late_delivery", context.at)
            context.notice("delivery.late", order.id)
        if order.delivered:
            order.late = bool(after.late)
        _ask_for_a_second(context)
    notice_broken_promises(context)
    schedule_orders(context)


def notice_broken_promises(context: EventContext) -> None:
    """Orders on their way whose promised time has passed; each is noticed once for each promise."""
    for order in context.orders.orders if context.orders else ():
        if order.status in OPEN and 0 < overdue_at(context, order) <= context.at:
            order.late = True
            context.notice("delivery.overdue", order.id)


def add(context: EventContext, order: Order) -> None:
    """Count an order with its points, and tell nobody: it is known already."""
    share = share_of(context, order)
    purchases.add_difference(context.record.purchases, Share(), share)
    if order.delivered:
        order.late = bool(share.late)
    if order.placed:
        _reward(context, order, order.placed)
        _date(context)


def take_out(context: EventContext, order: Order) -> None:
    """Count it no longer."""
    purchases.add_difference(context.record.purchases, share_of(context, order), Share())
    if order.earned or order.regained:
        expires = points.expiry(order.placed, context.defaults.points.lapse_millis)
        back = points.Change(-order.earned, order.points - order.earned, expires, -order.regained)
        points.change(context.record.points, back, context.at)


def use_coupons(context: EventContext, event: OrderPlaced) -> None:
    """Coupons of ours that the customer paid with."""
    for coupon in context.record.coupons:
        if coupon.code in event.coupons:
            coupon.redeemed = True


def _came_late(context: EventContext, order: Order) -> bool:
    return order.delivered > 0 and 0 < order.due < order.delivered - context.defaults.orders.late_grace_millis


def date_anew(context: EventContext) -> None:
    """First and last order once more, where one that counted is none; what the book forgot may have been the first."""
    if context.orders is not None and not context.orders.reach:
        context.record.purchases.first = 0
        _date(context)


def _date(context: EventContext) -> None:
    """First and last order: of those that were not cancelled, as far as the book reaches back."""
    numbers, book = context.record.purchases, context.orders or OrderBook()
    first, last = numbers.first, 0
    for order in book.orders:
        if not order.placed or order.replaces:
            continue
        if not first or order.placed < first:
            first = order.placed
        if order.placed > last and not order.is_cancelled:
            last = order.placed
    numbers.first = first
    # Of orders that the book forgot the last is not known: then what was known stays.
    numbers.last = last or (numbers.last if book.reach else 0)


def _kept(context: EventContext) -> list[Order]:
    book = context.orders or OrderBook()
    return [order for order in book.orders if order.placed and not (order.is_cancelled or order.replaces)]


def _reward(context: EventContext, order: Order, placed_before: Millis) -> None:
    """Points for what is paid and kept, none in a currency that is not the customer's; and those that come back."""
    lifetime = context.defaults.points.lapse_millis
    if placed_before not in (0, order.placed):
        before, after = points.expiry(placed_before, lifetime), points.expiry(order.placed, lifetime)
        points.move(context.record.points, order.points + order.regained, before, after)
        schedule_points(context)
    own = order.currency == context.record.purchases.currency
    rate = context.defaults.points.minor_per_point
    earned, kept = (order.amount // rate, (order.amount - order.refunded) // rate) if own else (0, 0)
    stands, stood = (earned, kept, regained(order)), (order.earned, order.points, order.regained)
    if stands == stood:
        return
    gain, stay, regain = (now - before for now, before in zip(stands, stood, strict=True))
    order.earned, order.points, order.regained = stands
    change = points.Change(gain, gain - stay, points.expiry(order.placed, lifetime), regain)
    if not points.change(context.record.points, change, context.at):
        context.count(OutcomeCode.CAP_LOTS)
    schedule_points(context)


def _ask_for_a_second(context: EventContext) -> None:
    """After a first order, wait for the second; when it comes, no longer."""
    numbers = context.record.purchases
    kept = _kept(context) if numbers.count - numbers.cancelled == 1 else []
    asks = len(kept) == 1
    for ref in timer_refs(context, TimerKind.SECOND_ORDER):
        if not asks or ref != kept[0].id:
            schedule(context, TimerKind.SECOND_ORDER, None, ref)
    if asks:
        due = kept[0].placed + context.defaults.orders.second_order_millis
        if due > context.at:
            schedule(context, TimerKind.SECOND_ORDER, due, kept[0].id)
