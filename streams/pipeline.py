"""The way of one event: one record, one rulebook, one almanac and two times in, one outcome out. Pure.

``handle`` applies an event, ``fire_timers`` the timers that are due. Both change the customer they are given in
place; where they raise, the caller throws that customer away and keeps the bytes from before.
"""

from __future__ import annotations

from itertools import takewhile

from rules.context import EventContext
from rules.decide import decide, release
from schemas.events import AnyEvent
from schemas.outcome import Outcome
from schemas.record import VERSION, CustomerRecord, Timer, TimerKind
from schemas.times import DAY, Millis
from schemas.topics import ORDERS, RECEIPTS, TOPIC_OF
from schemas.triggers import Trigger
from streams import forecast, history, timer_handlers, timer_schedule
from streams.bounds import keep_bounded
from streams.notes import Note, note
from streams.purchases import BUCKET
from streams.segments import segment
from streams.stages import stage
from streams.turn import Context, Customer, Turn

__all__ = ["Context", "Customer", "fire_timers", "handle", "needs_orders", "new_customer", "timers_need_orders"]

_WITH_ORDERS = frozenset((TimerKind.DELIVERY, TimerKind.SURVEY, TimerKind.SECOND_ORDER))
"""Timers that look into the order book."""


def new_customer(customer: str, at: Millis, context: Context) -> Customer:
    """Somebody not heard of before: a record with its clock set."""
    made = Customer(CustomerRecord(VERSION, customer, created=at))
    turn = Turn(made, context, at, at, None, Outcome())
    _take_stock(turn)
    turn.triggers.clear()
    timer_schedule.schedule_tick(turn)
    timer_schedule.schedule_dates(turn)
    return made


def needs_orders(event: AnyEvent) -> bool:
    """Whether the order book must be loaded to handle the event."""
    return TOPIC_OF[event.type] == ORDERS


def timers_need_orders(customer: Customer, until: Millis) -> bool:
    """The same for the timers due: one that is handled without the order book sets none that looks into it."""
    return any(
        timer.kind in _WITH_ORDERS for timer in takewhile(lambda timer: timer.due <= until, customer.record.timers)
    )


def handle(customer: Customer, event: AnyEvent, context: Context, acting: Millis) -> Outcome:
    """Apply an event and decide what follows. Timers due before it must have fired: see ``fire_timers``."""
    outcome = Outcome()
    if customer.record.erased:
        note(outcome, Note.ERASED)
        return outcome
    turn = Turn(customer, context, max(event.at, customer.record.seen), acting, event, outcome)
    if not needs_orders(event):
        turn.orders = None
    turn.notice(event.type)
    refused = history.apply(turn, event)
    if refused is not None:
        turn.note(refused)
        keep_bounded(turn)
        return outcome
    if not customer.record.seen and event.type != "customer.registered":
        turn.note(Note.NEW_CUSTOMER)
    if event.at < customer.record.seen:
        turn.note(Note.LATE)
    if event.type == "order.placed":
        forecast.predict(turn, event.order_id)
    _finish(turn, customer)
    return outcome


def fire_timers(customer: Customer, until: Millis, context: Context, acting: Millis | None = None) -> Outcome:
    """Handle the timers due by ``until``, in order, those set meanwhile included.

    Args:
        acting: the time of acting; None for the moment of each timer, as in a replay.
    """
    outcome = Outcome()
    while (timers := customer.record.timers) and timers[0].due <= until:
        timer = timers.pop(0)
        at = max(timer.due, customer.record.seen)
        _fire(Turn(customer, context, at, timer.due if acting is None else acting, None, outcome), customer, timer)
    return outcome


def _fire(turn: Turn, customer: Customer, timer: Timer) -> None:
    kind = timer.kind
    if kind not in _WITH_ORDERS:
        turn.orders = None
    if kind in (TimerKind.TICK, TimerKind.MATURITY):
        # A tick fires before a question that is mature at the same moment: settled first, there are never more than
        # three.
        forecast.mature(turn)
    if kind == TimerKind.TICK and turn.record.buying.orders:
        forecast.count(turn)
        forecast.predict(turn, timer_handlers.tick_number(turn, timer))
    timer_handlers.TIMER_HANDLERS[kind](turn, timer)
    _finish(turn, customer, releases=kind == TimerKind.RELEASE)


def _finish(turn: Turn, customer: Customer, *, releases: bool = False) -> None:
    """Segments and stage, then the rules, then what they leave behind."""
    record = turn.record
    if not record.erased:
        if not _stands_still(turn):
            _take_stock(turn)
        if turn.scored:
            turn.notice("churn.scored", turn.scored)
        _decide(turn, releases)
    record.seen = turn.at
    keep_bounded(turn)
    customer.record = record
    customer.orders = turn.orders if turn.orders is not None else customer.orders


def _stands_still(turn: Turn) -> bool:
    """Whether nothing can have moved since she was seen last: a visit on the same day moves no segment and no stage."""
    if turn.event is None or turn.event.type not in history.BROWSING:
        return False
    record = turn.record
    counted_from = (record.purchases.last, record.segment.since)
    same_days = all((turn.at - start) // DAY == (record.seen - start) // DAY for start in counted_from)
    return same_days and turn.at // BUCKET == record.seen // BUCKET


def _take_stock(turn: Turn) -> None:
    """Where she stands now; a change wakes rules."""
    record, defaults = turn.record, turn.defaults
    here = record.segment
    tier, before = here.tier, here.stage
    segment(here, record.purchases, defaults, turn.at)
    if tier and tier != here.tier:
        rises = defaults.rank(here.tier) > defaults.rank(tier)
        turn.notice("tier.upgraded" if rises else "tier.downgraded", here.tier, previous=tier)
    here.stage = stage(here, record.purchases, defaults.stages, turn.at, forecast.trusted(turn))
    if here.stage != before:
        here.since = turn.at
        turn.notice("stage.changed", here.stage, previous=before)


def _decide(turn: Turn, releases: bool) -> None:
    rulebook = turn.context.rulebook
    if releases:
        release(_scene(turn, Trigger("released")), turn.outcome)
    for trigger in turn.triggers:
        # What is held may be freed by a trigger that no rule waits for: a complaint resolved.
        if rulebook.triggered_by(trigger.name) or turn.record.held:
            decide(_scene(turn, trigger), turn.outcome)
    if turn.record.coupons:
        timer_schedule.schedule_coupons(turn)


def _scene(turn: Turn, trigger: Trigger) -> EventContext:
    context, event = turn.context, turn.event
    return EventContext(
        record=turn.record,
        orders=turn.orders,
        trigger=trigger,
        event=event,
        at=turn.at,
        acting=turn.acting,
        rulebook=context.rulebook,
        almanac=context.almanac.epoch,
        churn=turn.churn or forecast.known(turn),
        act_from=context.act_from,
        hops=getattr(event, "hops", 0) if event and TOPIC_OF[event.type] == RECEIPTS else 0,
    )
