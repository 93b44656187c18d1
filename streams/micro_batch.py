"""A micro-batch: some events of one lane, and the timers that come due beside them, handled as one step.

Everything here is a function of its arguments, so the engine, a dry run and the tests take the same steps whatever
store lies behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from rules.context import LaneContext
from schemas.lane import Loaded
from schemas.outcome import Outcome
from schemas.timers import next_due
from schemas.times import Millis
from streams.careful_session import Check, run_customers
from streams.customer import Customer
from streams.customer_cache import CustomerCache
from streams.customer_session import TIMER, Failure, Handled, Stored, Work
from streams.ingest import Arrival

MAX_BYTES = 300_000
"""Of events as they lay: should all of them fail, their letters still fit into the commit."""


class BatchLimits(NamedTuple):
    """How much one micro-batch is at most."""

    events: int
    customers: int
    due: int
    """Timers of customers without an event."""


USUAL_LIMITS = BatchLimits(events=800, customers=200, due=200)
"""With records and order books of their usual size half of the store's 1 MB for a commit; fewer round trips."""
SAFE_LIMITS = BatchLimits(events=400, customers=64, due=64)
"""Each with the largest record and order book, a commit stays under the store's 1 MB."""
_LEAST = BatchLimits(1, 1, 1)
MAX_COMMIT_BYTES = 900_000
"""Bytes of a commit, beside the lane's own state; above it a micro-batch is done again within smaller limits."""


def halved(limits: BatchLimits) -> BatchLimits:
    """Within the safe limits, else half of these; what comes of a single event or timer always fits."""
    if any(limit > safe for limit, safe in zip(limits, SAFE_LIMITS, strict=True)):
        return BatchLimits(*(min(pair) for pair in zip(limits, SAFE_LIMITS, strict=True)))
    return BatchLimits(*(max(limit // 2, least) for limit, least in zip(limits, _LEAST, strict=True)))


class MicroBatch(msgspec.Struct):
    """What a step changed, encoded for the commit."""

    records: dict[str, bytes] = {}
    orders: dict[str, bytes] = {}
    timers: dict[str, Millis | None] = {}
    outcomes: list[tuple[str, Outcome]] = []
    """By trigger: the event type, or ``TIMER``."""
    arrivals: Sequence[Arrival] = ()
    """The events it was made of."""
    noted: list[tuple[Arrival, Outcome]] = []
    """Those of which an outcome is counted by name."""
    failed: list[Failure] = []
    lag: list[Millis] = []
    """How late each timer was looked at, against the time of acting."""


def cut(arrivals: Sequence[Arrival], start: int, before: Millis, bounds: BatchLimits = USUAL_LIMITS) -> int:
    """The end of the micro-batch that starts at ``start``: bounded in events, customers, bytes, and by time."""
    customers: set[str] = set()
    size = 0
    for index in range(start, min(len(arrivals), start + bounds.events)):
        arrival = arrivals[index]
        if arrival.at >= before:
            return index
        customers.add(arrival.event.customer)
        size += arrival.size
        if len(customers) > bounds.customers or (size > MAX_BYTES and index > start):
            return index
    return min(len(arrivals), start + bounds.events)


def customers_of(arrivals: Sequence[Arrival]) -> list[str]:
    """Whose records and order books the micro-batch needs, in order of first appearance."""
    return list(dict.fromkeys(arrival.event.customer for arrival in arrivals))


def run_micro_batch(
    arrivals: Sequence[Arrival],
    loaded: Loaded,
    until: Millis,
    lane: LaneContext,
    acting: Millis | None,
    cache: CustomerCache | None = None,
    check: Check | None = None,
) -> MicroBatch:
    """Handle the events in order, each after its customer's own due timers, then the timers due by ``until``.

    Customers have nothing to do with each other, so each goes through the micro-batch alone; the outcomes are put into
    the order of the events.

    Args:
        acting: the clock in service; None takes the time of the event or timer (a replay).
        cache: customers of earlier micro-batches that need not be decoded again.
        check: see ``run_customers``.
    """
    batch, cache = MicroBatch(arrivals=arrivals), cache or CustomerCache()
    outcomes: list[list[tuple[str, Outcome]]] = [[] for _ in range(len(arrivals) + 1)]
    failed: list[tuple[int, Failure]] = []
    works: list[tuple[Stored, Work]] = []
    for who, events in _by_customer(arrivals, loaded).items():
        if not events and who not in loaded.records:
            batch.timers[who] = None  # the timer outlived its customer
            continue
        stored = Stored(who, loaded.records.get(who), loaded.orders.get(who))
        works.append((stored, Work(events, until, len(arrivals))))
    for handled in run_customers(works, lane, acting, cache, check):
        for place, trigger, outcome in handled.outcomes:
            outcomes[place].append((trigger, outcome))
            if outcome.codes and trigger != TIMER:
                batch.noted.append((arrivals[place], outcome))
        failed += handled.failed
        batch.lag += handled.lag
        if handled.customer is not None:
            _store(handled, handled.customer, batch, cache)
    batch.outcomes = [one for some in outcomes for one in some]
    batch.failed = [failure for _, failure in sorted(failed, key=itemgetter(0))]
    return batch


def _by_customer(arrivals: Sequence[Arrival], loaded: Loaded) -> dict[str, list[tuple[int, Arrival]]]:
    """The events of each customer with their places; those whose timers are due may have none. Sorted by customer."""
    events: dict[str, list[tuple[int, Arrival]]] = {who: [] for _, who in loaded.due}
    for place, arrival in enumerate(arrivals):
        events.setdefault(arrival.event.customer, []).append((place, arrival))
    return dict(sorted(events.items()))


def _store(handled: Handled, customer: Customer, batch: MicroBatch, cache: CustomerCache) -> None:
    """Write down what changed; what is unchanged to the byte is not written again."""
    stored, body, book = handled.stored, handled.record, handled.orders
    if body != stored.record:
        batch.records[stored.who] = body
    # Always stated: a due timer whose record did not change must move on as well.
    batch.timers[stored.who] = next_due(customer.record)
    if book != (stored.orders or b""):
        batch.orders[stored.who] = book
    cache.keep(stored.who, body, book or None, customer)
