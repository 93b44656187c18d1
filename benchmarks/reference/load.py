"""The load: the same events for everybody, drawn from a seed, about 300 bytes of JSON each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import orjson

from benchmarks.reference.job import COMPLAINT, ORDER, VIEW
from schemas.ids import partition_of
from schemas.topics import BROWSE, COMPLAINTS, ORDERS

TOPICS = (ORDERS, BROWSE, COMPLAINTS)
"""Tend's own names, as its lanes read these."""
PARTITIONS = 4
CUSTOMERS = 20_000
EVENTS_EACH = 10
"""So many events for each customer where there are few events, so that rules fire as often."""
DUPLICATES = 0.01
"""Of the events come twice."""
START = 1_767_225_600_000
"""2026-01-01, in milliseconds since the epoch."""
STEP = 1_500
"""Milliseconds from one event to the next."""
_LENGTH = 300


class Message(NamedTuple):
    """One record of the load."""

    topic: str
    partition: int
    customer: str
    at: int
    value: bytes


def customer_named(number: int) -> str:
    """The customer of this number."""
    return f"customer-{number:05}"


@cache
def partition_for(customer: str) -> int:
    """As Kafka's Java client would choose it."""
    return partition_of(customer, PARTITIONS)


def messages(events: int, seed: int = 1, customers: int = CUSTOMERS) -> Iterator[Message]:
    """So many events in the order of their time, some of them repeated a little later."""
    dice = random.Random(seed)
    again: list[Message] = []
    for number in range(events):
        made = message(dice, number, START + number * STEP * CUSTOMERS // customers, customers)
        yield made
        if dice.random() < DUPLICATES:
            again.append(made)
        if len(again) > 20:
            yield again.pop(0)
    yield from again


def message(dice: random.Random, number: int, at: int, customers: int = CUSTOMERS, sent: int = 0) -> Message:
    """An event of one of so many customers: 20 % orders, 78 % browsing, 2 % complaints."""
    which, amount, drawn = dice.random(), dice.random(), dice.getrandbits(96)
    customer = customer_named(drawn % customers)
    if which < 0.2:
        topic, kind, amount = ORDERS, ORDER, 500 + amount * 19_500
    elif which < 0.98:
        topic, kind, amount = BROWSE, VIEW, 1 + amount * 120
    else:
        topic, kind, amount = COMPLAINTS, COMPLAINT, 1 + amount * 5
    body = {
        "id": f"{number:016x}",
        "type": kind,
        "customer": customer,
        "at": at,
        "amount": int(amount),
        "items": 1 + (drawn >> 32) % 8,
        "flags": (drawn >> 40) % 8,
        "sent": sent,
        "session": f"{drawn >> 32:016x}",
        "product": f"product-{(drawn >> 48) % 10_000:05}",
        "source": "storefront",
    }
    plain = orjson.dumps(body)
    filled = plain[:-1] + b',"note":"' + b"x" * (_LENGTH - len(plain) - len(',"note":""')) + b'"}'
    return Message(topic, partition_for(customer), customer, at, filled)
