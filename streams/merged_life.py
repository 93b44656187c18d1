"""Two records become that of one life with the events of both.

Sums add up, lists are joined in the order of time and kept as far as they are kept of one, what was said last counts,
and what follows from the rest (numbers, tier, stage, timers) is told anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules import recent_actions, settled_occasions
from rules.action_history import ActionHistory, resting
from rules.context import EventContext
from rules.decision_log import gone
from schemas.ids import action_key
from schemas.order_book import MAX_ORDERS, Order, OrderBook
from schemas.outcome import Reason
from schemas.outcome_codes import OutcomeCode
from schemas.readings import BUCKETS, may_profile
from schemas.record import (
    MAX_ATTRIBUTES,
    MAX_CONTACTS,
    MAX_COUPONS,
    MAX_LAST_FIRED,
    MAX_LOTS,
    MAX_MERGED,
    MAX_OPEN_COMPLAINTS,
    MAX_SPENDINGS,
    PLACES,
    Browsing,
    Complaint,
    Complaints,
    Consent,
    CustomerRecord,
    Held,
    Lot,
    Merged,
    Points,
    Profile,
    Purchases,
    Satisfaction,
    Seen,
    Spending,
    Talks,
)
from schemas.times import Millis
from streams import churn_update, complaints, order_effects, orders, points, wishes
from streams.churn import joined_features
from streams.duplicates import joined, knows
from streams.timer_schedule import (
    OPEN,
    schedule_cart,
    schedule_complaints,
    schedule_coupons,
    schedule_dates,
    schedule_orders,
    schedule_points,
    schedule_tick,
)

_OF_THE_WHOLE = frozenset(("updated", "registered", "begun", "told"))
"""Parts of a profile that are no details."""


def take_in(context: EventContext, other: CustomerRecord, other_book: OrderBook, was: str, at: Millis) -> None:
    """Make the record that of both lives; ``other`` is used up."""
    record, book = context.record, context.orders or OrderBook()
    record.purchase_features = joined_features(
        record.purchase_features, _placed(book.orders), other.purchase_features, _placed(other_book.orders)
    )
    record.purchases = _purchases(record.purchases, other.purchases)
    record.profile = _profile(record.profile, other.profile)
    record.consents = _consents([*record.consents, *other.consents])
    record.browsing = _browsing(record.browsing, other.browsing)
    if other.cart is not None and (record.cart is None or other.cart.touched > record.cart.touched):
        record.cart = other.cart
    record.complaints = _complaints(context, record.complaints, other.complaints)
    record.satisfaction = _satisfaction(record.satisfaction, other.satisfaction)
    record.points = _points(record, other)
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
        record.talks = _talks(record.talks or Talks(), other.talks)
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


def _purchases(mine: Purchases, other: Purchases) -> Purchases:
    """Numbers add up; money in another currency is counted, not summed."""
    own = not (mine.currency and other.currency) or mine.currency == other.currency
    head = mine if mine.bucket >= other.bucket else other
    joint = Purchases(
        count=mine.count + other.count,
        cancelled=mine.cancelled + other.cancelled,
        returned=mine.returned + other.returned,
        spent=mine.spent + (other.spent if own else 0),
        currency=mine.currency or other.currency,
        first=_first(mine.first, other.first),
        last=max(mine.last, other.last),
        late=mine.late + other.late,
        delivered=mine.delivered + other.delivered,
        foreign=mine.foreign + (other.foreign if own else other.count),
        bucket=head.bucket,
    )
    counts, amounts = _aligned(mine, head.bucket), _aligned(other, head.bucket)
    length = max(len(counts[0]), len(amounts[0]))
    joint.counts = _sums(counts[0], amounts[0], length)
    joint.amounts = _sums(counts[1], amounts[1] if own else [], length)
    return joint


def _aligned(numbers: Purchases, bucket: int) -> tuple[list[int], list[int]]:
    """Counts and amounts as they stand in the bucket, newest first."""
    if not numbers.counts:
        return [], []
    empty = [0] * min(bucket - numbers.bucket, BUCKETS)
    return (empty + numbers.counts)[:BUCKETS], (empty + numbers.amounts)[:BUCKETS]


def _sums(one: list[int], two: list[int], length: int) -> list[int]:
    return [sum(values[place] for values in (one, two) if place < len(values)) for place in range(length)]


def _first(*moments: Millis) -> Millis:
    return min((moment for moment in moments if moment), default=0)


def _orders(context: EventContext, mine: OrderBook, other: OrderBook) -> None:
    """Both books as one. An order in both was told of under both ids: it counts once, with all that was told."""
    by_id = {order.id: order for order in mine.orders}
    context.orders = book = OrderBook(reach=max(mine.reach, other.reach))
    doubles = [(by_id[order.id], order) for order in other.orders if order.id in by_id]
    for double in doubles:
        for order in double:
            order_effects.take_out(context, order)
    joint = {one.id: orders.joined(one, two) for one, two in doubles}
    rest = [order for order in (*mine.orders, *other.orders) if order.id not in joint]
    book.orders = sorted([*rest, *joint.values()], key=lambda one: (one.placed or one.changed, one.id))
    for order in joint.values():
        order_effects.add(context, order)
    if any(order.replaces for order in joint.values()):
        order_effects.date_anew(context)
    while len(book.orders) > MAX_ORDERS:
        goes = next((order for order in book.orders if order.status not in OPEN), book.orders[0])
        book.orders.remove(goes)
        book.reach = max(book.reach, goes.changed)
        if goes.status in OPEN:
            context.count(OutcomeCode.CAP_ORDERS)


def _profile(mine: Profile, other: Profile) -> Profile:
    """Of each field the latest word counts, whichever life it was told in."""
    joint = Profile(updated=max(mine.updated, other.updated), registered=_first(mine.registered, other.registered))
    joint.begun = _first(mine.begun or mine.updated, other.begun or other.updated)
    for name in PLACES.keys() - _OF_THE_WHOLE:
        at, _, known = max(
            ((one.told_at(_told_with(one, name)), str(getattr(one, name)), one) for one in (other, mine)),
            key=lambda told: told[:2],
        )
        setattr(joint, name, getattr(known, name))
        if at:
            joint.keep_moment(name, at, joint.begun)
    joint.told = dict(sorted(joint.told.items()))
    if not joint.told and joint.begun == joint.updated:
        joint.begun = 0
    return joint


def _told_with(profile: Profile, name: str) -> str:
    """A birthday's calendar goes with the birthday."""
    return "birthday" if name == "lunar" and profile.birthday else name


def _consents(consents: list[Consent]) -> list[Consent]:
    """The latest word counts; at the same moment, the refusal."""
    latest: dict[tuple[str, str], Consent] = {}
    for one in sorted(consents, key=lambda one: (one.at, not one.granted)):
        latest[one.channel, one.purpose] = one
    return list(latest.values())


def _browsing(mine: Browsing, other: Browsing) -> Browsing:
    later = mine if mine.last >= other.last else other
    earlier = other if later is mine else mine
    return Browsing(
        views=mine.views + other.views,
        searches=mine.searches + other.searches,
        empty_searches=mine.empty_searches + other.empty_searches,
        visits=mine.visits + other.visits,
        last=later.last,
        category=later.category or earlier.category,
        sku=later.sku or earlier.sku,
        refused_coupons=mine.refused_coupons + other.refused_coupons,
        failed_payments=mine.failed_payments + other.failed_payments,
    )


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
        goes = next((one for one in whole.recent if not one.is_open), whole.recent[0])
        whole.recent.remove(goes)
        whole.reach = max(whole.reach, goes.changed)
        context.count(OutcomeCode.CAP_COMPLAINTS)
    return whole


def _is_resolved(complaint: Complaint) -> bool:
    return complaint.opened > 0 and complaint.closed > 0


def _satisfaction(mine: Satisfaction, other: Satisfaction) -> Satisfaction:
    # Of two answers of one moment the lower counts, as it does within one life.
    last = max((mine, other), key=lambda one: (one.overall_told, -(one.last_overall or 9)))
    length = max(len(mine.counts), len(other.counts))
    return Satisfaction(
        counts=_sums(mine.counts, other.counts, length),
        sums=_sums(mine.sums, other.sums, length),
        last=max(mine.last, other.last),
        last_overall=last.last_overall,
        reviews=mine.reviews + other.reviews,
        stars=mine.stars + other.stars,
        overall_told=last.overall_told,
    )


def _points(record: CustomerRecord, other_record: CustomerRecord) -> Points:
    """Lots that lapse together are one; what either spent counts against them all, and once if both were told of it."""
    mine, other = record.points, other_record.points
    lots: dict[Millis, int] = {}
    for lot in (*mine.lots, *other.lots):
        lots[lot.expires] = lots.get(lot.expires, 0) + lot.points
    joint = Points([Lot(expires, lots[expires]) for expires in sorted(lots)], debt=mine.debt + other.debt)
    joint.earned, joint.reversed = mine.earned + other.earned, mine.reversed + other.reversed
    joint.lapsed, joint.redeemed = mine.lapsed + other.lapsed, mine.redeemed + other.redeemed
    spendings = {one.key: one for one in (*other.spendings, *mine.spendings)}
    joint.spendings = list(spendings.values())[-MAX_SPENDINGS:]
    for spending in spendings.values():
        if _knows(record.redemptions, spending) and _knows(other_record.redemptions, spending):
            points.take_out(joint, spending)
    while len(joint.lots) > MAX_LOTS:
        newest = joint.lots.pop()
        joint.lots[-1] = Lot(newest.expires, joint.lots[-1].points + newest.points)
    return joint


def _knows(redemptions: Seen | None, spending: Spending) -> bool:
    return redemptions is not None and knows(redemptions, spending.key)


def _talks(mine: Talks, other: Talks) -> Talks:
    contacts = sorted([*mine.contacts, *other.contacts], key=lambda one: (one.at, one.channel, one.topic))
    return Talks(
        contacts[-MAX_CONTACTS:], mine.total + other.total, mine.suggestions + other.suggestions,
        mine.praise + other.praise, mine.questions + other.questions,
    )  # fmt: skip
