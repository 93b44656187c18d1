"""Two records become that of one life with the events of both.

Sums add up, lists are joined in the order of time and kept as far as they are kept of one, what was said last counts,
and what follows from the rest (numbers, tier, stage, timers) is told anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.context import EventContext
from rules.deciding import recent_actions, settled_occasions
from rules.deciding.action_history import ActionHistory, resting
from rules.deciding.decision_log import gone
from schemas.complaint_list import MAX_OPEN_COMPLAINTS, Complaint, Complaints
from schemas.given_out import MAX_COUPONS, MAX_LAST_FIRED, Held
from schemas.ids import action_key
from schemas.order_book import MAX_ORDERS, Order, OrderBook
from schemas.outcome import Reason
from schemas.readings import may_profile
from schemas.record import MAX_ATTRIBUTES, CustomerRecord, Seen, Spending
from schemas.relations import MAX_MERGED, Merged, Talks
from schemas.times import Millis
from streams import (
    browsing,
    churn_update,
    complaints,
    feedback,
    order_effects,
    order_state,
    orders,
    points,
    profiles,
    purchases,
    talks,
    wishes,
)
from streams.churn import joined_features
from streams.duplicates import joined, knows
from streams.timer_schedule import (
    schedule_cart,
    schedule_complaints,
    schedule_coupons,
    schedule_dates,
    schedule_orders,
    schedule_points,
    schedule_tick,
)


def take_in(context: EventContext, other: CustomerRecord, other_book: OrderBook, was: str, at: Millis) -> None:
    """Make the record that of both lives; ``other`` is used up."""
    record, book = context.record, context.orders or OrderBook()
    record.purchase_features = joined_features(
        record.purchase_features, _placed(book.orders), other.purchase_features, _placed(other_book.orders)
    )
    record.purchases = purchases.joined(record.purchases, other.purchases)
    record.profile = profiles.joined(record.profile, other.profile)
    record.consents = profiles.joined_consents([*record.consents, *other.consents])
    record.browsing = browsing.joined(record.browsing, other.browsing)
    if other.cart is not None and (record.cart is None or other.cart.touched > record.cart.touched):
        record.cart = other.cart
    record.complaints = _complaints(context, record.complaints, other.complaints)
    record.satisfaction = feedback.joined(record.satisfaction, other.satisfaction)
    record.points = points.joined(
        record.points, other.points, lambda one: _knows(record.redemptions, one) and _knows(other.redemptions, one)
    )
    _orders(context, book, other_book)
    _said(context, other)
    _known(record, other)
    record.created = min(record.created, other.created)
    record.merged = sorted([*record.merged, *other.merged, Merged(was, at)], key=lambda one: (one.at, one.id))
    record.merged = record.merged[-MAX_MERGED:]
    context.at = max(context.at, other.seen)
    _schedule(context)
    if not may_profile(record.consents):
        churn_update.forget(context)


def _said(context: EventContext, other: CustomerRecord) -> None:
    """What was given out under either id: caps, cooldowns and receipts know it all. What is held waits on."""
    record = context.record
    record.sent = recent_actions.joined(context.rulebook, [*record.sent, *other.sent], context.acting)
    record.spent = settled_occasions.joined(record.spent, other.spent)
    fired = {rule: max(record.fired.get(rule, 0), other.fired.get(rule, 0)) for rule in {**record.fired, **other.fired}}
    record.fired = resting(fired, context.rulebook, context.acting, MAX_LAST_FIRED)
    coupons = {one.code: one for one in (*other.coupons, *record.coupons)}
    record.coupons = sorted(coupons.values(), key=lambda one: (one.expires, one.code))[-MAX_COUPONS:]
    _hold(context, other.held)


def _hold(context: EventContext, held: list[Held]) -> None:
    """What is held under either id waits on; of two for one occasion one is enough."""
    history = ActionHistory.of(context.record)
    for one in held:
        own = action_key(one.rule, context.record.id, one.occasion, one.index)
        if history.recall(own)[0]:
            detail = "it was decided, or is held, under another id of the customer's as well"
            context.outcome.decisions.append(gone(context, one, Reason.NO_LONGER_TRUE, detail))
        elif history.has_room_for(one):
            history = history._replace(held=[*history.held, one])
        else:
            context.outcome.decisions.append(gone(context, one, Reason.HELD_FULL, "two lives became one"))
    history.keep_in(context.record)


def _known(record: CustomerRecord, other: CustomerRecord) -> None:
    """What was heard of under either id, so that nothing is applied twice."""
    at = max(record.seen, other.seen)
    record.recent, record.browsed = joined(record.recent, other.recent, at), joined(record.browsed, other.browsed, at)
    if record.redemptions or other.redemptions:
        record.redemptions = joined(record.redemptions or Seen(), other.redemptions or Seen(), at)
    if record.voiced or other.voiced:
        record.voiced = joined(record.voiced or Seen(), other.voiced or Seen(), at)
    record.stopped = {**other.stopped, **record.stopped}
    if other.talks:
        record.talks = talks.joined(record.talks or Talks(), other.talks)
    if other.wishes:
        record.wishes = wishes.joined(record.wishes, other.wishes)
    attributes = {**other.attributes, **record.attributes}
    record.attributes = dict(list(attributes.items())[-MAX_ATTRIBUTES:])
    record.churn = record.churn or other.churn


def _schedule(context: EventContext) -> None:
    for again in (
        schedule_tick, schedule_cart, schedule_orders, schedule_complaints, schedule_points, schedule_coupons,
        schedule_dates,
    ):  # fmt: skip
        again(context)


def _placed(orders: Iterable[Order]) -> list[tuple[Millis, int]]:
    return sorted((order.placed, order.amount) for order in orders if order.placed)


def _orders(context: EventContext, mine: OrderBook, other: OrderBook) -> None:
    """Both books as one. An order in both was told of under both ids: it counts once, with all that was told."""
    by_id = {order.id: order for order in mine.orders}
    context.orders = book = OrderBook(reach=max(mine.reach, other.reach))
    doubles = [(by_id[order.id], order) for order in other.orders if order.id in by_id]
    for double in doubles:
        for order in double:
            order_effects.take_out(context, order)
    joint = {one.id: order_state.joined(one, two) for one, two in doubles}
    rest = [order for order in (*mine.orders, *other.orders) if order.id not in joint]
    book.orders = sorted([*rest, *joint.values()], key=lambda one: (one.placed or one.changed, one.id))
    for order in joint.values():
        order_effects.add(context, order)
    if any(order.replaces for order in joint.values()):
        order_effects.date_anew(context)
    while len(book.orders) > MAX_ORDERS:
        orders.make_room(context, book)


def _complaints(context: EventContext, mine: Complaints, other: Complaints) -> Complaints:
    """Both lists as one; a complaint in both was told of under both ids and counts once."""
    known = {one.id: one for one in mine.recent}
    doubles = [(known[one.id], one) for one in other.recent if one.id in known]
    joint = {one.id: complaints.joined(context, one, two) for one, two in doubles}
    total, resolved = mine.total + other.total, mine.resolved + other.resolved
    for one, two in doubles:
        both = joint[one.id]
        total += (both.opened > 0) - (one.opened > 0) - (two.opened > 0)
        resolved += _is_resolved(both) - _is_resolved(one) - _is_resolved(two)
    whole = Complaints([], total, resolved, max(mine.last, other.last), max(mine.reach, other.reach))
    rest = [one for one in (*mine.recent, *other.recent) if one.id not in joint]
    whole.recent = sorted([*rest, *joint.values()], key=lambda one: (one.opened or one.changed, one.id))
    while len(whole.recent) > MAX_OPEN_COMPLAINTS:
        complaints.make_room(context, whole)
    return whole


def _is_resolved(complaint: Complaint) -> bool:
    return complaint.opened > 0 and complaint.closed > 0


def _knows(redemptions: Seen | None, spending: Spending) -> bool:
    return redemptions is not None and knows(redemptions, spending.key)
