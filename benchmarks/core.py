"""What the core costs per event, and how large records get: ``python -m benchmarks.core [DAYS] [HOUSEHOLDS]``.

Simulated customers live through the pure core in one process. Times are without rules and, as machines differ, also
told as a multiple of what reading and writing the same record costs in the same run.
"""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from statistics import mean, median
from time import perf_counter

from agents.simulate.journey import Journey
from benchmarks.lives import around, live
from rules.context import LaneContext
from rules.loading import load_rulebook
from schemas.codec import decode_record, encode_orders, encode_record, size_of
from schemas.events import decode_event
from schemas.topics import BROWSE, TOPIC_OF
from streams.customer import Customer
from streams.pipeline import fire_timers, handle, new_customer

MICROSECONDS = 1e6
EVERY = 10
"""One of so many events is followed by reading and writing the record."""


def costs(journey: Journey, lane: LaneContext) -> dict[str, list[float]]:
    """Microseconds per event, by type; of timers under ``timer`` and of the codec under ``codec``."""
    taken: dict[str, list[float]] = defaultdict(list)
    customers: dict[str, Customer] = {}
    events = [decode_event(told.body) for told in journey.events()]
    gc.collect()
    gc.freeze()
    for number, event in enumerate(events):
        customer = customers.get(event.customer)
        if customer is None:
            customer = customers[event.customer] = new_customer(event.customer, event.at, lane)
        while customer.record.timers and customer.record.timers[0].due <= event.at:
            begun = perf_counter()
            fire_timers(customer, customer.record.timers[0].due, lane)
            taken["timer"].append((perf_counter() - begun) * MICROSECONDS)
        begun = perf_counter()
        handle(customer, event, lane, event.at)
        taken[event.type].append((perf_counter() - begun) * MICROSECONDS)
        if number % EVERY == 0:
            begun = perf_counter()
            decode_record(encode_record(customer.record))
            taken["codec"].append((perf_counter() - begun) * MICROSECONDS)
    return taken


def report_costs(taken: dict[str, list[float]]) -> None:
    """A line for each type, the most expensive in all first."""
    codec = median(taken["codec"])
    browsing = [cost for kind, values in taken.items() if TOPIC_OF.get(kind) == BROWSE for cost in values]
    print(f"{'':24}{'events':>8}{'median us':>11}{'mean us':>9}{'codecs':>8}")
    for kind, values in [("all browsing", browsing), *sorted(taken.items(), key=lambda item: -sum(item[1]))]:
        middle = median(values)
        print(f"{kind:24}{len(values):8}{middle:11.1f}{mean(values):9.1f}{middle / codec:8.2f}")


def report_sizes(customers: dict[str, Customer]) -> None:
    """Stored and plain bytes of records, and stored bytes of order books."""
    stored = [len(encode_record(customer.record)) for customer in customers.values()]
    plain = [size_of(customer.record) for customer in customers.values()]
    books = [len(encode_orders(customer.orders)) for customer in customers.values() if customer.orders]
    print(f"{len(stored)} records: mean {mean(stored):.0f} bytes, largest {max(stored)}", end="; ")
    print(f"before packing mean {mean(plain):.0f}, largest {max(plain)}; order books mean {mean(books):.0f}")


def main() -> None:
    """Measure and print."""
    days, households = (int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((1, 56), (2, 200)))
    journey = Journey(days=days, households=households)
    context = around(journey)
    report_sizes(live(journey, context))
    without = LaneContext(load_rulebook(), context.almanac, context.horizons, context.tick)
    report_costs(costs(journey, without))


if __name__ == "__main__":
    main()
