"""One customer's way through a micro-batch: their events in order, each after the timers due before it.

A failure costs nothing until it happens. Then the same is done once more from what is stored, with care: the customer
is
kept as bytes before each step and brought back to them where it fails. So the cost of many failures is linear.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rules.context import LaneContext
from rules.own import NotDeclared
from schemas.codec import (
    Unreadable,
    decode_orders,
    decode_record,
    decode_record_and_size,
    encode_orders,
    encode_record_and_size,
)
from schemas.errors import MACHINE_TROUBLE
from schemas.events import AnyEvent
from schemas.outcome import Outcome
from schemas.record import MAX_BYTES, OrderBook
from schemas.timers import next_due
from schemas.times import Millis
from streams.customer import Customer
from streams.customer_cache import CustomerCache
from streams.ingest import Arrival
from streams.pipeline import (
    changes_orders,
    fire_timers,
    handle,
    needs_orders,
    new_customer,
    timers_change_orders,
    timers_need_orders,
)

Check = Callable[[Outcome], object]


class Failure(msgspec.Struct, frozen=True):
    """An event or timer that the core could not handle: the customer stays as before it."""

    customer: str
    arrival: Arrival | None
    error: str
    reason: str = "event_failed"
    field: str = ""

    @classmethod
    def of(cls, customer: str, arrival: Arrival | None, error: Exception) -> Failure:
        """What is to be told of an error; of one that says what to mend, all of it."""
        if isinstance(error, NotDeclared):
            return cls(customer, arrival, str(error), "not_declared", error.place)
        return cls(customer, arrival, what_failed(error))


class Stored(NamedTuple):
    """What the store holds of one customer."""

    who: str
    record: bytes | None
    orders: bytes | None

    def customer(self, first: Millis, lane: LaneContext, acting: Millis | None) -> Customer:
        """As stored, without the order book; new at ``first`` where nothing is."""
        if self.record is not None:
            record, size = decode_record_and_size(self.record)
            return Customer(record, room=MAX_BYTES - size)
        return new_customer(self.who, first, lane, acting)

    def cached(self, cache: CustomerCache) -> Customer | None:
        """As the cache has them, if it does."""
        return None if self.record is None else cache.take(self.who, self.record, self.orders)

    def book(self) -> OrderBook:
        """The order book, empty where none is stored."""
        return OrderBook() if self.orders is None else decode_orders(self.orders)


class Work(NamedTuple):
    """What is to be done for one customer."""

    events: Sequence[tuple[int, Arrival]]
    """Each with its place in the micro-batch."""
    until: Millis
    """Timers are handled up to here."""
    last: int
    """The place of what comes after all events."""


NOT_THE_EVENTS = (Unreadable, *MACHINE_TROUBLE)
"""What no event is to blame for: a record of a newer program, a machine that lacks something."""


def run_customer(
    stored: Stored,
    work: Work,
    lane: LaneContext,
    acting: Millis | None,
    cache: CustomerCache,
    check: Check | None = None,
) -> CustomerSession:
    """The session with all of the work done, and what is left of the customer encoded.

    Args:
        acting: the clock in service; None takes the time of the event or timer (a replay).
        check: raises for an outcome that cannot be sent; given where one of the micro-batch is known to be such.

    Raises:
        Unreadable: the record or order book was written by a newer program. No event is to blame for that.
        OSError, MemoryError: the machine lacks something.
    """
    if check is None:
        try:
            first = work.events[0][1].event.at if work.events else work.until
            customer = stored.cached(cache) or stored.customer(first, lane, acting)
            session = CustomerSession(stored, customer, lane, acting)
            session.run(work)
        except NOT_THE_EVENTS:
            raise
        except Exception:  # noqa: BLE001 - what fails for one event must not stop the lane
            pass
        else:
            return session
    return _run_with_care(stored, work, lane, acting, check or _any_will_do)


def _run_with_care(
    stored: Stored, work: Work, lane: LaneContext, acting: Millis | None, check: Check
) -> CustomerSession:
    """The same, where something fails: even to meet a customer for the first time may."""
    failed: list[tuple[int, Failure]] = []
    events = list(work.events)
    while True:
        first = events[0][1].event.at if events else work.until
        try:
            customer: Customer | None = stored.customer(first, lane, acting)
        except NOT_THE_EVENTS:
            raise
        except Exception as error:
            if not events:
                raise  # nothing but a stored customer could not be met then, and that is never an event's failure
            place, arrival = events.pop(0)
            failed.append((place, Failure.of(stored.who, arrival, error)))
            customer = None
        if customer is not None:
            session = _CarefulSession(stored, customer, lane, acting, check)
            session.run(work._replace(events=events))
            session.failed = failed + session.failed
            return session
        if not events and stored.record is None:
            return _NobodyMet(stored, failed)


def what_failed(error: Exception) -> str:
    """The kind of an error and where it came from; its text may hold what a customer said, and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _any_will_do(outcome: Outcome) -> None: ...


class CustomerSession:
    """One customer, decoded, and what came of their events and timers."""

    def __init__(self, stored: Stored, customer: Customer, lane: LaneContext, acting: Millis | None) -> None:
        self.stored = stored
        self.customer = customer
        self.outcomes: list[tuple[int, str, Outcome]] = []
        """Place, event type or ``timer``, outcome."""
        self.failed: list[tuple[int, Failure]] = []
        self.lag: list[Millis] = []
        """How late each timer was looked at, against the time of acting."""
        self._lane = lane
        self._acting = acting
        self._opened, self._tells_orders = customer.orders, False
        """The order book as it was before, and whether anything may have changed it."""
        self.record = b""
        self.orders = b""
        """Encoded, once all is done; no order book is empty."""

    def run(self, work: Work) -> None:
        """Do all of the work, and encode what is left of the customer."""
        for place, arrival in work.events:
            self._fire_until(place, arrival.event.at)
            self._handle(place, arrival)
        self._fire_until(work.last, work.until)
        self.record, size = encode_record_and_size(self.customer.record)
        self.customer.room = MAX_BYTES - size
        self.orders = self._book()

    def _book(self) -> bytes:
        """The order book as it is to be stored; an empty one takes no room."""
        orders = self.customer.orders
        if orders is None or (orders is self._opened and not self._tells_orders):
            return self.stored.orders or b""
        return encode_orders(orders) if orders.orders else b""

    def _fire_until(self, place: int, until: Millis) -> None:
        while (due := next_due(self.customer.record)) is not None and due <= until:
            if self._acting is not None:
                self.lag.append(max(0, self._acting - due))
            self._fire(place, due)

    def _fire(self, place: int, due: Millis) -> None:
        if timers_need_orders(self.customer, due):
            self._open_book(timers_change_orders(self.customer, due))
        self.outcomes.append((place, "timer", fire_timers(self.customer, due, self._lane, self._acting)))

    def _handle(self, place: int, arrival: Arrival) -> None:
        event: AnyEvent = arrival.event
        if needs_orders(event):
            self._open_book(changes_orders(event))
        seen = self.customer.record.seen
        acting = event.at if self._acting is None else max(self._acting, event.at, seen)
        self.outcomes.append((place, event.type, handle(self.customer, event, self._lane, acting)))

    def _open_book(self, to_change: bool) -> None:
        self._tells_orders = self._tells_orders or to_change
        if self.customer.orders is None:
            self.customer.orders = self._opened = self.stored.book()


class _NobodyMet(CustomerSession):
    """Every event of somebody new failed before there was a customer: nothing is left to be stored."""

    def __init__(self, stored: Stored, failed: list[tuple[int, Failure]]) -> None:
        self.stored, self.failed = stored, failed
        self.outcomes, self.lag = [], []
        self.record = self.orders = b""


class _CarefulSession(CustomerSession):
    """The same, where something fails."""

    def __init__(
        self, stored: Stored, customer: Customer, lane: LaneContext, acting: Millis | None, check: Check
    ) -> None:
        super().__init__(stored, customer, lane, acting)
        self._check = check

    def _fire(self, place: int, due: Millis) -> None:
        before = self._as_bytes()
        try:
            super()._fire(place, due)
            self._check_last()
        except NOT_THE_EVENTS:
            raise
        except Exception as error:  # noqa: BLE001 - what fails for one timer must not stop the lane
            self._bring_back(before, place, None, error)
            # The timer that cannot be handled must not fire for ever.
            self.customer.record.timers.pop(0)

    def _handle(self, place: int, arrival: Arrival) -> None:
        before = self._as_bytes()
        try:
            super()._handle(place, arrival)
            self._check_last()
        except NOT_THE_EVENTS:
            raise
        except Exception as error:  # noqa: BLE001 - the same for an event
            self._bring_back(before, place, arrival, error)

    def _check_last(self) -> None:
        """What can be handled, and not be said in bytes, fails as well."""
        outcome = self.outcomes[-1]
        try:
            self._check(outcome[2])
            self._as_bytes()
        except Exception:
            self.outcomes.pop()
            raise

    def _as_bytes(self) -> Stored:
        record, orders = self.customer.record, self.customer.orders
        return Stored(record.id, encode_record_and_size(record)[0], None if orders is None else encode_orders(orders))

    def _bring_back(self, before: Stored, place: int, arrival: Arrival | None, error: Exception) -> None:
        assert before.record is not None
        self.customer = Customer(decode_record(before.record), None if before.orders is None else before.book())
        self.failed.append((place, Failure.of(before.who, arrival, error)))
