"""A portion: some events of one lane, and the alarms that come due beside them, handled as one step.

Everything here is a function of its arguments, so the engine, a dry run and the tests take the same steps whatever
store lies behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from schemas.codec import decode_orders, decode_record, encode_orders, encode_record
from schemas.events import AnyEvent
from schemas.lane import Loaded
from schemas.outcome import Outcome
from schemas.record import OrderBook
from schemas.times import Millis
from schemas.waits import next_due
from streams.arrivals import Arrival
from streams.pipeline import Context, Customer, handle, needs_orders, new_customer, wake

MAX_EVENTS = 400
MAX_CUSTOMERS = 64
"""With as many due alarms, each with the largest record and order book, a commit stays under the store's 1 MB."""
MAX_DUE = 64


class Failed(msgspec.Struct, frozen=True):
    """An event or alarm that the core could not handle: the customer stays as she was before it."""

    customer: str
    arrival: Arrival | None
    error: str


class Portion(msgspec.Struct):
    """What a step changed, encoded for the commit."""

    records: dict[str, bytes] = {}
    orders: dict[str, bytes] = {}
    alarms: dict[str, Millis | None] = {}
    outcomes: list[tuple[str, Outcome]] = []
    """By trigger: the event type, or ``alarm``."""
    failed: list[Failed] = []
    lag: list[Millis] = []
    """How late each alarm was looked at, against the time of acting."""


def cut(arrivals: Sequence[Arrival], start: int, before: Millis) -> int:
    """The end of the portion that starts at ``start``: bounded in events and customers, and earlier than ``before``."""
    customers: set[str] = set()
    for index in range(start, min(len(arrivals), start + MAX_EVENTS)):
        arrival = arrivals[index]
        if arrival.at >= before:
            return index
        customers.add(arrival.event.customer)
        if len(customers) > MAX_CUSTOMERS:
            return index
    return min(len(arrivals), start + MAX_EVENTS)


def customers_of(arrivals: Sequence[Arrival]) -> list[str]:
    """Whose records and order books the portion needs, in order of first appearance."""
    return list(dict.fromkeys(arrival.event.customer for arrival in arrivals))


def handle_portion(
    arrivals: Sequence[Arrival], loaded: Loaded, until: Millis, context: Context, acting: Millis | None
) -> Portion:
    """Handle the events in order, each after its customer's own due alarms, then the alarms due by ``until``.

    ``acting`` is the clock in service; None takes the time of the event or alarm (a replay).
    """
    desk = _Desk(loaded, context, acting)
    for arrival in arrivals:
        desk.handle(arrival)
    # Those loaded for an event may come due as well; the rest of the alarms are the silent customers'.
    for customer in sorted({arrival.event.customer for arrival in arrivals} | {who for _, who in loaded.due}):
        desk.wake(customer, until)
    return desk.close()


class _Desk:
    """The customers of one portion, decoded when first needed."""

    def __init__(self, loaded: Loaded, context: Context, acting: Millis | None) -> None:
        self._loaded = loaded
        self._context = context
        self._acting = acting
        self._open: dict[str, Customer] = {}
        self._portion = Portion()

    def handle(self, arrival: Arrival) -> None:
        event = arrival.event
        customer = self._open.get(event.customer) or self._stored(event.customer)
        if customer is None:
            customer = new_customer(event.customer, event.at, self._context)
        before = self._keep(customer)
        try:
            self._handle(customer, event)
        except Exception as error:
            customer = _restored(before)
            self._portion.failed.append(Failed(event.customer, arrival, _said(error)))
        self._open[event.customer] = customer

    def _handle(self, customer: Customer, event: AnyEvent) -> None:
        self._wake(customer, event.at)
        if needs_orders(event):
            self._open_book(customer)
        acting = event.at if self._acting is None else self._acting
        self._portion.outcomes.append((event.type, handle(customer, event, self._context, acting)))

    def wake(self, who: str, until: Millis) -> None:
        customer = self._open.get(who) or self._stored(who)
        if customer is None:
            # The alarm outlived its customer: take it off the clock.
            self._portion.alarms[who] = None
            return
        before = self._keep(customer)
        try:
            self._wake(customer, until)
        except Exception as error:
            customer = _restored(before)
            # The wait that cannot be handled must not ring for ever.
            customer.record.waits.pop(0)
            self._portion.failed.append(Failed(who, None, _said(error)))
        self._open[who] = customer

    def _wake(self, customer: Customer, until: Millis) -> None:
        due = next_due(customer.record)
        if due is None or due > until:
            return
        if self._acting is not None:
            self._portion.lag.append(max(0, self._acting - due))
        self._open_book(customer)
        self._portion.outcomes.append(("alarm", wake(customer, until, self._context, self._acting)))

    def close(self) -> Portion:
        """Encode what changed; what is unchanged to the byte is not written again."""
        portion = self._portion
        for who, customer in self._open.items():
            body = encode_record(customer.record)
            if body != self._loaded.records.get(who):
                portion.records[who] = body
            # Always stated: a due alarm whose record did not change must move on as well.
            portion.alarms[who] = next_due(customer.record)
            if customer.orders is not None:
                # An empty book takes no room in the store.
                book = encode_orders(customer.orders) if customer.orders.orders else b""
                if book != self._loaded.orders.get(who, b""):
                    portion.orders[who] = book
        return portion

    def _stored(self, who: str) -> Customer | None:
        body = self._loaded.records.get(who)
        return None if body is None else Customer(decode_record(body), None)

    def _open_book(self, customer: Customer) -> None:
        if customer.orders is None:
            book = self._loaded.orders.get(customer.record.id)
            customer.orders = OrderBook() if book is None else decode_orders(book)

    @staticmethod
    def _keep(customer: Customer) -> tuple[bytes, bytes | None]:
        return encode_record(customer.record), None if customer.orders is None else encode_orders(customer.orders)


def _restored(before: tuple[bytes, bytes | None]) -> Customer:
    record, book = before
    return Customer(decode_record(record), None if book is None else decode_orders(book))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
