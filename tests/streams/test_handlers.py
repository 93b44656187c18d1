"""Handlers say why they did not apply an event; then it counts for nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from rules.context import EventContext
from schemas.codec import decode_orders, decode_record, encode_orders, encode_record
from schemas.order_book import OrderBook
from schemas.record import CustomerRecord
from streams.customer import Customer
from streams.handlers import HANDLERS
from streams.pipeline import fire_timers, handle
from tests.builders import START
from tests.streams.test_skipped_work import LANE, TOLD, Watched, events_of


def counted(record: CustomerRecord, book: OrderBook) -> tuple[bytes, list[tuple[str, str, int, int]]]:
    """All that a customer has, but when something was told last of an order or a complaint."""
    told = decode_record(encode_record(record))
    told.complaints.recent = []
    return encode_record(told), [(one.id, one.status, one.amount, one.refunded) for one in book.orders]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(TOLD)
def test_what_is_refused_counts_for_nothing(told: list[tuple[str, bool, int]]) -> None:
    customer = Watched().customer
    for one in events_of(told):
        fire_timers(customer, one.at, LANE)
        book = customer.orders or OrderBook()
        before = counted(customer.record, book)
        met = Customer(decode_record(encode_record(customer.record)), decode_orders(encode_orders(book)))
        context = EventContext(met.record, met.orders, LANE, max(one.at, met.record.seen), one.at, one)

        refused = HANDLERS[one.type](context, one)

        assert context.orders is not None
        assert refused is None or counted(context.record, context.orders) == before, f"{one.type}: {refused}"
        handle(customer, one, LANE, one.at)


def test_lives_refuse_something() -> None:
    """Or the promise above says nothing."""
    customer = Watched().customer
    told = [("order.cancelled", False, 1), ("complaint.resolved", False, 1), ("receipt.delivered", False, 1)]
    codes = {code for one in events_of(told) for code in handle(customer, one, LANE, START).codes}

    assert codes
