"""One order, from all that was told of it: amount, promise, refunds, where its goods are and what goes back.

Each function tells one thing and says whether it was news. So the order is the same whatever was told first.
"""

from __future__ import annotations

from datetime import datetime

from schemas.order_book import MAX_REFUNDS, MAX_SPENT, Order, Refund
from schemas.orders import OrderReturned, RefundPaid, RefundRequested, RefundWithdrawn
from schemas.outcome_codes import OutcomeCode
from schemas.record import Spending
from schemas.times import Millis, earliest, to_millis
from streams import parcels
from streams.duplicates import key_of


def goods_of(order: Order) -> str:
    """Where its goods are, from all that was told."""
    if order.is_cancelled:
        return "cancelled"
    back = sum(refund.amount for refund in order.refunds if refund.goods and not refund.is_void)
    if order.came_back and back >= order.amount:
        return "returned"
    if order.delivered:
        return "delivered"
    return "dispatched" if order.dispatched else "placed"


def given_back(order: Order) -> int:
    """What goes back in all. A refund that was only asked for counts when goods came back for it, or it is paid."""
    if order.is_cancelled:
        return order.amount
    sure = sum(one.amount for one in order.refunds if (one.goods or one.paid) and not one.is_void)
    return min(sure + order.more_refunded, order.amount) if order.placed else sure + order.more_refunded


def regained(order: Order) -> int:
    """Of the points spent on it those that come back: for what is given back of its money, and all with the whole."""
    spent = sum(one.points for one in order.spent) + order.more_spent
    if order.status in ("cancelled", "returned") or order.is_paid_back:
        return spent
    return spent * order.refunded // order.amount if order.refunded else 0


def tell_amount(order: Order, amount: int, at: Millis) -> bool:
    """What it costs, as of that moment; whether that is another amount than was known."""
    # Of two that were told at one moment the larger counts: some rule must, and it must be the same in any order.
    if (at, amount) <= (order.amount_told, order.amount if order.amount_told else -1):
        return False
    changed = amount != order.amount or not order.amount_told
    order.amount, order.amount_told = amount, max(at, 1)
    return changed


def tell_promise(order: Order, told: datetime | None, at: Millis) -> bool:
    """When it is to arrive, as said at that moment; whether that is another time than was known."""
    promised = to_millis(told) if told else 0
    if not promised or (at, promised) <= (order.promise_told, order.promised):
        return False
    moved = promised != order.promised
    order.promised, order.promise_told = promised, max(at, 1)
    if moved:
        order.late = False
    return moved


def tell_refund(order: Order, told: Refund) -> OutcomeCode | None:
    """Goods or money that go back, or one step of it; the code says where nothing is new."""
    known = next((one for one in order.refunds if one.key == told.key), None)
    if known is None:
        if len(order.refunds) >= MAX_REFUNDS:
            order.more_refunded += told.amount if told.goods or told.paid else 0
        else:
            order.refunds = sorted([*order.refunds, told], key=lambda one: one.key)
        return None
    merged = Refund(
        known.key,
        max(known.amount, told.amount),
        known.goods or told.goods,
        earliest(known.requested, told.requested),
        earliest(known.paid, told.paid),
        max(known.withdrawn, told.withdrawn),
    )
    if merged == known:
        return OutcomeCode.DUPLICATE
    order.refunds = [merged if one is known else one for one in order.refunds]
    return None


def tell_spending(order: Order, told: Spending) -> bool:
    """Points that were spent on it; whether that was not known."""
    if any(one.key == told.key for one in order.spent):
        return False
    if len(order.spent) >= MAX_SPENT:
        order.more_spent += told.points
    else:
        order.spent = sorted([*order.spent, told], key=lambda one: one.key)
    return True


def refund_key(event: OrderReturned | RefundRequested | RefundPaid | RefundWithdrawn) -> bytes:
    """What is known of one refund by: its own id where the shop tells one, else the event's."""
    return key_of(f"refund {event.refund}" if event.refund else event.id)


def joined(mine: Order, other: Order) -> Order:
    """One order that was told of under two ids of its customer: all that was told of it."""
    early, late = sorted((mine, other), key=lambda one: (not one.placed, one.placed))
    amount = max((mine, other), key=lambda one: (one.amount_told, one.amount))
    promise = max((mine, other), key=lambda one: (one.promise_told, one.promised))
    joint = Order(
        mine.id, placed=early.placed, amount=amount.amount, currency=early.currency or late.currency,
        promised=promise.promised, delivered=earliest(mine.delivered, other.delivered), late=mine.late or other.late,
        changed=max(mine.changed, other.changed), dispatched=earliest(mine.dispatched, other.dispatched),
        cancelled=max(mine.cancelled, other.cancelled), restored=max(mine.restored, other.restored),
        refunds=list(mine.refunds), more_refunded=mine.more_refunded + other.more_refunded,
        amount_told=amount.amount_told, promise_told=promise.promise_told,
        exchanged=mine.exchanged + other.exchanged - len(_exchanges(mine) & _exchanges(other)),
        expected=max(mine.expected, other.expected), replaces=mine.replaces or other.replaces,
        spent=list(mine.spent), more_spent=mine.more_spent + other.more_spent,
    )  # fmt: skip
    if mine.parcels or other.parcels:
        joint.parcels = parcels.joined(mine, other)
        joint.delivered = parcels.arrived(joint)
    for refund in other.refunds:
        tell_refund(joint, refund)
    for spending in other.spent:
        tell_spending(joint, spending)
    joint.status, joint.refunded = goods_of(joint), given_back(joint)
    return joint


def _exchanges(order: Order) -> set[bytes]:
    return {one.key for one in order.refunds if one.is_exchange}
