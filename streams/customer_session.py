"""One customer's way through a micro-batch: their events in order, each after the timers due before it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from rules.context import LaneContext
from rules.own import NotDeclared
from schemas.codec import (
    decode_orders,
    decode_record_and_size,
    encode_orders,
    encode_record_and_size,
)
from schemas.events import AnyEvent
from schemas.order_book import OrderBook
from schemas.outcome import Outcome
from schemas.record import MAX_BYTES
from schemas.timers import next_due
from schemas.times import Millis
from streams.customer import Customer
from streams.customer_cache import CustomerCache
from streams.ingest import Arrival
from streams.pipeline import (
    changes_orders,
    fire_timers,
    foresee,
    handle,
    needs_orders,
    new_customer,
    timers_change_orders,
    timers_need_orders,
)

TIMER: Final = "timer"
"""Stands for the event type where a timer was handled."""


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

    @classmethod
    def of(cls, customer: Customer) -> Stored:
        """A customer as they would be stored now."""
        record, orders = customer.record, customer.orders
        return cls(record.id, encode_record_and_size(record)[0], None if orders is None else encode_orders(orders))

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

    @property
    def first(self) -> Millis:
        """Up to when timers are handled before anything else."""
        return self.events[0][1].event.at if self.events else self.until


class Handled(NamedTuple):
    """What came of the work."""

    stored: Stored
    customer: Customer | None
    """None where every event of somebody new failed before there was a customer: nothing is left to be stored."""
    record: bytes
    orders: bytes
    """Encoded; no order book is empty."""
    outcomes: list[tuple[int, str, Outcome]]
    """Place, event type or ``timer``, outcome."""
    failed: list[tuple[int, Failure]]
    lag: list[Millis]
    """How late each timer was looked at, against the time of acting."""


class CustomerSession:
    """One customer, decoded, and what came of their events and timers."""

    def __init__(self, stored: Stored, customer: Customer, lane: LaneContext, acting: Millis | None) -> None:
        self.stored = stored
        self.customer = customer
        self.outcomes: list[tuple[int, str, Outcome]] = []
        self.failed: list[tuple[int, Failure]] = []
        self._lag: list[Millis] = []
        self._lane = lane
        self._acting = acting
        self._opened, self._tells_orders = customer.orders, False
        """The order book as it was before, and whether anything may have changed it."""

    def foresee(self, work: Work) -> Self:
        """Score ahead what comes first, if that is a weekly look."""
        foresee(self.customer, work.first, self._lane)
        return self

    def live(self, work: Work) -> Self:
        """Do all of the work."""
        for place, arrival in work.events:
            self._fire_until(place, arrival.event.at)
            self._handle(place, arrival)
        self._fire_until(work.last, work.until)
        return self

    def handled(self) -> Handled:
        """What came of it, with what is left of the customer encoded."""
        record, size = encode_record_and_size(self.customer.record)
        self.customer.room = MAX_BYTES - size
        return Handled(self.stored, self.customer, record, self._book(), self.outcomes, self.failed, self._lag)

    def _book(self) -> bytes:
        """The order book as it is to be stored; an empty one takes no room."""
        orders = self.customer.orders
        if orders is None or (orders is self._opened and not self._tells_orders):
            return self.stored.orders or b""
        return encode_orders(orders) if orders.orders else b""

    def _fire_until(self, place: int, until: Millis) -> None:
        while (due := next_due(self.customer.record)) is not None and due <= until:
            if self._acting is not None:
                self._lag.append(max(0, self._acting - due))
            self._fire(place, due)

    def _fire(self, place: int, due: Millis) -> None:
        if timers_need_orders(self.customer, due):
            self._open_book(timers_change_orders(self.customer, due))
        self.outcomes.append((place, TIMER, fire_timers(self.customer, due, self._lane, self._acting)))

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


def what_failed(error: Exception) -> str:
    """The kind of an error and where it came from; its text may hold what a customer said, and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
