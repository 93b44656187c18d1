"""Simulated customers, lived through by the pure core in one process, with a dictionary as the store."""

from __future__ import annotations

from collections.abc import Callable

from agents.simulate.journey import Journey
from rules.context import LaneContext
from rules.loading import shipped
from schemas.almanac import NONE_YET, VERSION, Almanac
from schemas.churn import Tick
from schemas.events import AnyEvent, decode_event
from schemas.outcome import Outcome
from schemas.times import DAY
from streams.churn import initial_state
from streams.customer import Customer
from streams.pipeline import fire_timers, handle, new_customer

TEACHING = 28 * DAY
"""As in the demo: rules act after four weeks."""
Watch = Callable[[AnyEvent, Customer, Outcome], None]


def around(journey: Journey) -> LaneContext:
    """The shipped rulebook, an almanac that knows nothing, one horizon of four weeks."""
    known = Almanac(version=VERSION, epoch=NONE_YET, partitions=1, churn=initial_state((28,)))
    return LaneContext(shipped(), known, (28,), Tick(origin=journey.start), act_from=journey.start + TEACHING)


def live(journey: Journey, lane: LaneContext, watch: Watch | None = None) -> dict[str, Customer]:
    """Everybody's life in event time."""
    customers: dict[str, Customer] = {}
    for told in journey.events():
        event = decode_event(told.body)
        customer = customers.get(told.customer)
        if customer is None:
            customer = customers[told.customer] = new_customer(told.customer, event.at, lane)
        fire_timers(customer, event.at, lane)
        outcome = handle(customer, event, lane, event.at)
        if watch is not None:
            watch(event, customer, outcome)
    return customers
