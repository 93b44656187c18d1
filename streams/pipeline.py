"""The way of one event: one record, one rulebook, one almanac and two times in, one outcome out. Pure.

``handle`` applies an event, ``fire_timers`` the timers that are due. Both change the customer they are given in
place; where they raise, the caller throws that customer away and keeps the bytes from before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from rules.context import EventContext, LaneContext
from rules.deciding.decide import apply, decide, release
from schemas.events import AnyEvent
from schemas.move import Gone, Move
from schemas.outcome import Outcome
from schemas.outcome_codes import OutcomeCode
from schemas.readings import AT_RISK, BUCKET, DORMANT, PROSPECT
from schemas.record import VERSION, CustomerRecord, Timer, TimerKind
from schemas.times import DAY, Millis
from schemas.topics import CUSTOMERS, ORDERS, TOPIC_OF
from schemas.triggers import Trigger
from streams import churn_update, duplicates, handlers, identity, timer_handlers, timer_schedule
from streams.customer import Customer
from streams.record_eviction import room_after
from streams.segments import segment
from streams.stages import stage

_OF_ORDERS = frozenset(name for name, topic in TOPIC_OF.items() if topic == ORDERS)
_MOVES_ORDERS = _OF_ORDERS | {"customer.identified", "customer.merged"}
_WITH_ORDERS = frozenset((TimerKind.DELIVERY, TimerKind.SURVEY, TimerKind.SECOND_ORDER, TimerKind.RELEASE))
"""Timers that look into the order book."""


def new_customer(customer: str, at: Millis, lane: LaneContext, acting: Millis | None = None) -> Customer:
    """Somebody not heard of before: a record with its timers set.

    Args:
        acting: the clock in service; None for the moment itself, as in a replay.
    """
    made = Customer(CustomerRecord(VERSION, customer, created=at))
    context = EventContext(made.record, None, lane, at, at if acting is None else acting)
    take_stock(context)
    context.triggers.clear()
    timer_schedule.schedule_tick(context)
    timer_schedule.schedule_dates(context)
    return made


def needs_orders(event: AnyEvent) -> bool:
    """Whether the order book must be loaded to handle the event."""
    # What a complaint held back may be about an order.
    return event.type in _MOVES_ORDERS or event.type == "complaint.resolved"


def changes_orders(event: AnyEvent) -> bool:
    """Whether the event may change the order book in place: else it is only looked into."""
    return event.type in _MOVES_ORDERS


def timers_need_orders(customer: Customer, until: Millis) -> bool:
    """The same for the timers due: one that is handled without the order book sets none that looks into it."""
    return any(timer.kind in _WITH_ORDERS for timer in _due(customer, until))


def timers_change_orders(customer: Customer, until: Millis) -> bool:
    """Whether one of the timers due may change the order book: it notes which promises are broken."""
    return any(timer.kind == TimerKind.DELIVERY for timer in _due(customer, until))


def _due(customer: Customer, until: Millis) -> Iterator[Timer]:
    return takewhile(lambda timer: timer.due <= until, customer.record.timers)


def handle(customer: Customer, event: AnyEvent, lane: LaneContext, acting: Millis) -> Outcome:
    """Apply an event and decide what follows. Timers due before it must have fired: see ``fire_timers``."""
    if event.type == "customer.registered" and 0 < customer.record.erased < event.at:
        # Who registers again after having been forgotten is a new customer.
        anew = new_customer(event.customer, event.at, lane, acting)
        customer.record, customer.orders = anew.record, anew.orders
    if customer.record.merged_into and identity.comes_home(customer.record, event):
        customer.record.merged_into = ""
    record = customer.record
    orders = customer.orders if needs_orders(event) else None
    context = EventContext(record, orders, lane, max(event.at, record.seen), acting, event)
    if record.erased:
        context.count(OutcomeCode.ERASED)
        return context.outcome
    if record.merged_into:
        identity.pass_on(context, event)
        return context.outcome
    context.notice(event.type)
    refused = handlers.apply(context, event)
    if refused is not None:
        context.count(refused)
        customer.room = room_after(context, customer.room, quiet=True)
        return context.outcome
    if not record.seen and event.type != "customer.registered":
        context.count(OutcomeCode.NEW_CUSTOMER)
    if event.at < record.seen:
        context.count(OutcomeCode.LATE)
    if event.type == "order.placed":
        churn_update.predict(context, event.order_id)
        timer_schedule.schedule_maturity(context)
    _finish(context, customer)
    return context.outcome


def foresee(customer: Customer, until: Millis, lane: LaneContext) -> None:
    """Score ahead the weekly look, if that is what comes next for the customer, and by ``until``.

    Done for many customers in a row, scores take half of the time that they take within each customer's turn.
    """
    timers = customer.record.timers
    if timers and timers[0].kind == TimerKind.TICK and timers[0].due <= until:
        customer.foreseen = churn_update.foreseen(customer.record, lane, max(timers[0].due, customer.record.seen))


def fire_timers(customer: Customer, until: Millis, lane: LaneContext, acting: Millis | None = None) -> Outcome:
    """Handle the timers due by ``until``, in order, those set meanwhile included.

    Args:
        acting: the time of acting; None for the moment of each timer, as in a replay.
    """
    outcome = Outcome()
    while (timers := customer.record.timers) and timers[0].due <= until:
        timer = timers.pop(0)
        at = max(timer.due, customer.record.seen)
        orders = customer.orders if timer.kind in _WITH_ORDERS else None
        # Nobody acts before the moment of the timer, whatever the clock says: a hold would end before it was made.
        moment = timer.due if acting is None else max(acting, timer.due, customer.record.seen)
        context = EventContext(customer.record, orders, lane, at, moment, outcome=outcome)
        _fire(context, customer, timer)
    return outcome


def _fire(context: EventContext, customer: Customer, timer: Timer) -> None:
    kind, foreseen, customer.foreseen = timer.kind, customer.foreseen, None
    if kind in (TimerKind.TICK, TimerKind.MATURITY):
        # A tick fires before a question that is mature at the same moment: settled first, there are never more than
        # three.
        churn_update.mature(context)
        if kind == TimerKind.TICK and context.record.purchase_features.orders:
            churn_update.count(context)
            churn_update.predict(context, timer_handlers.tick_number(context, timer), foreseen)
        timer_schedule.schedule_maturity(context)
    timer_handlers.TIMER_HANDLERS[kind](context, timer)
    _finish(context, customer, releases=kind == TimerKind.RELEASE)


def _finish(context: EventContext, customer: Customer, *, releases: bool = False) -> None:
    """Segments and stage, then the rules, then what they leave behind."""
    record, was = context.record, customer.record.segment
    before = (was.stage, was.tier) if customer.record.seen else ("", "")
    kept = False
    if not record.erased and not record.merged_into:
        if not _stands_still(context, customer):
            take_stock(context)
            customer.stock_by = context.rulebook, context.lane.almanac
        # Of an order the score is known, but it asks for nothing: nobody is won back while they buy.
        if context.scored and context.event is None:
            context.notice("churn.scored", context.scored)
        kept = _decide(context, releases)
    here = record.segment
    if (here.stage, here.tier) != before:
        gone: Gone = "forgotten" if record.erased else "merged" if record.merged_into else ""
        context.outcome.moves.append(Move(record.id, context.at, here.stage, here.tier, *before, gone))
    record.seen = context.at
    told = context.event is not None and TOPIC_OF[context.event.type] == CUSTOMERS
    customer.room = room_after(context, customer.room, quiet=not kept and not told)
    customer.record = record
    customer.orders = context.orders if context.orders is not None else customer.orders


def _stands_still(context: EventContext, customer: Customer) -> bool:
    """Whether stock need not be taken, as nothing that it is taken from can have moved since the last event.

    Orders move it, a new score, another rulebook or almanac, and days. A visit is so common that another rulebook waits
    for the next event that is none.
    """
    event, lane = context.event, context.lane
    if event is None or event.type not in duplicates.BROWSING:
        if context.scored or (event is not None and event.type in _MOVES_ORDERS):
            return False
        if customer.stock_by is None or customer.stock_by[0] is not lane.rulebook:
            return False
        if customer.stock_by[1] is not lane.almanac:
            return False
    record = context.record
    at, seen = context.at, record.seen
    last, since = record.purchases.last, record.segment.since
    same_days = (at - last) // DAY == (seen - last) // DAY and (at - since) // DAY == (seen - since) // DAY
    return same_days and at // BUCKET == seen // BUCKET


def take_stock(context: EventContext) -> None:
    """Where the customer stands now; a change triggers rules."""
    record, defaults = context.record, context.defaults
    here = record.segment
    tier, before = here.tier, here.stage
    segment(here, record.purchases, defaults, context.at, taken_back=_taken_back(context))
    if tier and tier != here.tier:
        rises = defaults.rank(here.tier) > defaults.rank(tier)
        context.notice("tier.upgraded" if rises else "tier.downgraded", here.tier, previous=tier)
    here.stage = stage(here, record.purchases, defaults.stages, context.at, churn_update.trusted(context))
    if here.stage != before:
        here.since = context.at
        # Who is quiet for long as soon as their first order is known came with a history: nothing happened just now.
        if not (before in ("", PROSPECT) and here.stage in (AT_RISK, DORMANT)):
            context.notice("stage.changed", here.stage, previous=before)


def _taken_back(context: EventContext) -> Millis:
    """When the order was placed that is cancelled, or comes back, just now; else 0.

    Of several that were cancelled since the tier was reached the first counts: together they took back what they gave.
    """
    event = context.event
    if event is None or event.type not in ("order.cancelled", "order.returned") or context.order is None:
        return 0
    since, book = context.record.segment.tier_since, context.orders.orders if context.orders else ()
    gone = [one.placed for one in book if one.is_cancelled and one.placed and one.cancelled // DAY >= since]
    return min([context.order.placed, *gone])


def _decide(context: EventContext, releases: bool) -> bool:
    """What the rules make of the triggers; whether the record is to remember anything of it."""
    record, kept = context.record, False
    if releases:
        _know_churn(context)
        kept = apply(context, release(context.about(Trigger("released"))))
    for trigger in context.triggers:
        # What is held may be freed by a trigger that no rule waits for: a complaint resolved.
        if context.rulebook.triggered_by(trigger.name) or record.held:
            _know_churn(context)
            kept = apply(context, decide(context.about(trigger))) or kept
    if record.coupons:
        timer_schedule.schedule_coupons(context)
    return kept


def _know_churn(context: EventContext) -> None:
    """For rules, where nothing was scored: what was last known."""
    if context.churn is None:
        context.churn = churn_update.known(context)
