"""Points that are spent, and the order they were spent on: what does not stay of the order, they come back for.

Which of the two is heard of first makes no difference: an order that is not placed yet waits in the book, as it does
for other news.
"""

from __future__ import annotations

from rules.context import EventContext
from schemas.orders import PointsRedeemed
from schemas.outcome_codes import OutcomeCode
from schemas.record import Seen, Spending
from streams import duplicates, order_effects, orders, points
from streams.order_state import tell_spending
from streams.timer_schedule import schedule_points


def redeem(context: EventContext, event: PointsRedeemed) -> OutcomeCode | None:
    """Points were spent, once under one reference; what is not there is owed."""
    ring = context.record.redemptions or Seen()
    key = duplicates.key_of(event.reference)
    if duplicates.knows(ring, key):
        known = next((one for one in context.record.points.spendings if one.key == key), None)
        news = known is not None and _spend_on_order(context, event, known)
        return None if news else OutcomeCode.DUPLICATE
    if event.at <= ring.reach:
        return OutcomeCode.TOO_OLD_REDEMPTION
    duplicates.remember(ring, key, event.at, context.defaults.duplicates.others)
    context.record.redemptions = ring
    spending = Spending(key, event.points)
    points.redeem(context.record.points, spending)
    _spend_on_order(context, event, spending)
    schedule_points(context)
    return None


def _spend_on_order(context: EventContext, event: PointsRedeemed, spending: Spending) -> bool:
    """Note at the order what was spent on it; whether that is news."""
    if event.order_id is None:
        return False
    order = orders.find(context.orders, event.order_id, event.at) or orders.enter(context, event, event.order_id)
    if order is None or (order.placed and abs(event.at - order.placed) >= orders.REUSED):
        return False
    before = order_effects.share_of(context, order)
    if not tell_spending(order, spending):
        order.changed = max(order.changed, event.at)
        return False
    orders.settle(context, order, event, before)
    return True
