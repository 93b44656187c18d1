"""A micro-batch: some events of one lane, and the timers that come due beside them, handled as one step.

Everything here is a function of its arguments, so the engine, a dry run and the tests take the same steps whatever
store lies behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.codec import Unreadable, decode_orders, decode_record, encode_orders, encode_record
from schemas.events import AnyEvent
from schemas.lane import Loaded
from schemas.outcome import Outcome
from schemas.record import OrderBook
from schemas.timers import next_due
from schemas.times import Millis
from streams.customer_cache import CustomerCache
from streams.ingest import Arrival
from streams.pipeline import Customer, LaneContext, fire_timers, handle, needs_orders, new_customer, timers_need_orders

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
LIVE_TIMERS = 50
"""The same in service, where events of others come meanwhile and wait for so many in each lane."""
MAX_COMMIT_BYTES = 900_000
"""Bytes of a commit, beside the lane's own state; above it a micro-batch is done again within the safe limits."""


class Failure(msgspec.Struct, frozen=True):
    """An event or timer that the core could not handle: the customer stays as before it."""

    customer: str
    arrival: Arrival | None
    error: str


class MicroBatch(msgspec.Struct):
    """What a step changed, encoded for the commit."""

    records: dict[str, bytes] = {}
    orders: dict[str, bytes] = {}
    timers: dict[str, Millis | None] = {}
    outcomes: list[tuple[str, Outcome]] = []
    """By trigger: the event type, or ``timer``."""
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
) -> MicroBatch:
    """Handle the events in order, each after its customer's own due timers, then the timers due by ``until``.

    Args:
        acting: the clock in service; None takes the time of the event or timer (a replay).
        hand: customers of earlier micro-batches that need not be decoded again.
    """
    desk = _Desk(loaded, lane, acting, cache or CustomerCache())
    for arrival in arrivals:
        desk.handle(arrival)
    # Those loaded for an event may come due as well; the rest of the timers are the silent customers'.
    for customer in sorted({arrival.event.customer for arrival in arrivals} | {who for _, who in loaded.due}):
        desk.wake(customer, until)
    return desk.close()


class _Desk:
    """The customers of one micro-batch, decoded when first needed."""

    def __init__(self, loaded: Loaded, lane: LaneContext, acting: Millis | None, cache: CustomerCache) -> None:
        self._loaded = loaded
        self._lane = lane
        self._acting = acting
        self._cache = cache
        self._open: dict[str, Customer] = {}
        self._shut: dict[str, OrderBook | None] = {}
        """Order books as they were loaded, as long as nothing looks into them."""
        self._met: dict[str, Millis] = {}
        self._steps: dict[str, list[AnyEvent | Millis | None]] = {}
        """What each customer went through in this micro-batch: events, moments at which the customer woke, None for a
        wait that
        was taken off. From the stored bytes it leads to the customer's present again: so a failure costs nothing until
        there
        is one."""
        self._micro_batch = MicroBatch()

    def handle(self, arrival: Arrival) -> None:
        event = arrival.event
        who = event.customer
        self._met.setdefault(who, event.at)
        if who not in self._open:
            self._open[who] = self._meet(who)
        self._ring(who, event.at)
        try:
            outcome = self._apply(self._open[who], event)
        except Unreadable:
            raise  # no event is to blame for what a newer program wrote: the lane stops before anything is lost
        except Exception as error:  # noqa: BLE001 - what fails for one event must not stop the lane
            self._fail(who, arrival, error)
            return
        self._steps.setdefault(who, []).append(event)
        self._micro_batch.outcomes.append((event.type, outcome))

    def wake(self, who: str, until: Millis) -> None:
        if who not in self._open:
            if who not in self._loaded.records:
                # The timer outlived its customer: take it off the clock.
                self._micro_batch.timers[who] = None
                return
            self._open[who] = self._meet(who)
        self._ring(who, until)

    def _ring(self, who: str, until: Millis) -> None:
        """The customer's due timers, one moment after the other."""
        while (due := next_due(self._open[who].record)) is not None and due <= until:
            if self._acting is not None:
                self._micro_batch.lag.append(max(0, self._acting - due))
            step: Millis | None = due
            try:
                self._micro_batch.outcomes.append(("timer", self._wake(self._open[who], due)))
            except Unreadable:
                raise
            except Exception as error:  # noqa: BLE001 - the same for a timer
                self._fail(who, None, error)
                # The wait that cannot be handled must not ring for ever.
                self._open[who].record.timers.pop(0)
                step = None
            self._steps.setdefault(who, []).append(step)

    def _fail(self, who: str, arrival: Arrival | None, error: Exception) -> None:
        """Bring the customer back to the state before the failure."""
        self._micro_batch.failed.append(Failure(who, arrival, f"{type(error).__name__}: {error}"))
        customer = self._before(who)
        for step in self._steps.get(who, ()):
            if step is None:
                customer.record.timers.pop(0)
            elif isinstance(step, int):
                self._wake(customer, step)
            else:
                self._apply(customer, step)
        self._open[who] = customer

    def _apply(self, customer: Customer, event: AnyEvent) -> Outcome:
        if needs_orders(event):
            self._open_book(customer)
        return handle(customer, event, self._lane, event.at if self._acting is None else self._acting)

    def _wake(self, customer: Customer, until: Millis) -> Outcome:
        if timers_need_orders(customer, until):
            self._open_book(customer)
        return fire_timers(customer, until, self._lane, self._acting)

    def close(self) -> MicroBatch:
        """Encode what changed; what is unchanged to the byte is not written again."""
        micro_batch = self._micro_batch
        for who, customer in self._open.items():
            body = encode_record(customer.record)
            if body != self._loaded.records.get(who):
                micro_batch.records[who] = body
            # Always stated: a due timer whose record did not change must move on as well.
            micro_batch.timers[who] = next_due(customer.record)
            book = self._book(who, customer)
            if book != self._loaded.orders.get(who, b""):
                micro_batch.orders[who] = book
            self._cache.keep(who, body, book or None, customer)
        return micro_batch

    def _book(self, who: str, customer: Customer) -> bytes:
        if customer.orders is None or customer.orders is self._shut.get(who):
            return self._loaded.orders.get(who, b"")
        # An empty book takes no room in the store.
        return encode_orders(customer.orders) if customer.orders.orders else b""

    def _meet(self, who: str) -> Customer:
        """As the customer was left, where the cache has them."""
        body = self._loaded.records.get(who)
        known = self._cache.take(who, body, self._loaded.orders.get(who)) if body is not None else None
        if known is None:
            return self._before(who)
        self._shut[who] = known.orders
        return known

    def _before(self, who: str) -> Customer:
        """As stored, or new."""
        body = self._loaded.records.get(who)
        return new_customer(who, self._met[who], self._lane) if body is None else Customer(decode_record(body), None)

    def _open_book(self, customer: Customer) -> None:
        self._shut.pop(customer.record.id, None)
        if customer.orders is None:
            book = self._loaded.orders.get(customer.record.id)
            customer.orders = OrderBook() if book is None else decode_orders(book)
