"""Handlers say why they did not apply an event; then they have changed nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from rules.context import EventContext
from schemas.codec import decode_orders, decode_record, encode_orders, encode_record
from schemas.record import OrderBook
from streams.customer import Customer
from streams.handlers import HANDLERS
from streams.pipeline import fire_timers, handle
from tests.builders import START
from tests.streams.test_skipped_work import LANE, TOLD, Watched, events_of


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(TOLD)
def test_what_is_refused_changes_nothing(told: list[tuple[str, bool, int]]) -> None:
    customer = Watched().customer
    for one in events_of(told):
        fire_timers(customer, one.at, LANE)
        stored = encode_record(customer.record), encode_orders(customer.orders or OrderBook())
        met = Customer(decode_record(stored[0]), decode_orders(stored[1]))
        context = EventContext(met.record, met.orders, LANE, max(one.at, met.record.seen), one.at, one)

        refused = HANDLERS[one.type](context, one)

        assert context.orders is not None
        if refused is not None:
            assert (encode_record(context.record), encode_orders(context.orders)) == stored, f"{one.type}: {refused}"
        handle(customer, one, LANE, one.at)


def test_lives_refuse_something() -> None:
    """Or the promise above says nothing."""
    customer = Watched().customer
    told = [("order.cancelled", False, 1), ("complaint.resolved", False, 1), ("receipt.delivered", False, 1)]
    codes = {code for one in events_of(told) for code in handle(customer, one, LANE, START).codes}

    assert codes
