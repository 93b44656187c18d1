"""The same events lead to the same record, in whatever order they arrive.

``TEND_LIVES=10000 pytest tests/streams/test_order_of_arrival.py tests/streams/test_identity.py`` tries so many lives.
"""

from __future__ import annotations

import os
from itertools import permutations
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from schemas.events import AnyEvent
from schemas.given_out import Sent
from schemas.ids import short_key
from schemas.order_book import OrderBook
from schemas.readings import open_lots
from schemas.times import DAY
from streams.customer import Customer
from tests.builders import START, Life, event, placed, when
from tests.lives import ACTION, random_life

END = when(120)
LIVES = int(os.environ.get("TEND_LIVES", "60"))
"""How many lives are tried, each in an order of arrival of its own."""


def essence(events: list[AnyEvent]) -> dict[str, Any]:
    """What is known of the customer after these events, in the order in which they arrive.

    Left out is what depends on when something was heard of, as it should: what was noticed, done and predicted.
    """
    life = Life(since=START - DAY)
    life.record.sent = [Sent(short_key(bytes.fromhex(ACTION)), 1, START, "email", "service")]
    life.happens(*events)
    life.until(END)
    return essence_of(life.customer)


def essence_of(customer: Customer) -> dict[str, Any]:
    """The same of a customer as they stand."""
    record, orders_known = customer.record, customer.orders or OrderBook()
    complaints = [
        (
            one.id,
            one.category,
            one.urgency,
            one.opened,
            one.closed,
            one.reopened,
            one.deadline,
            one.moves,
            one.answered,
            one.owner,
        )
        for one in sorted(record.complaints.recent, key=lambda one: one.id)
    ]
    book = sorted(orders_known.orders, key=lambda one: one.id)
    orders = [msgspec.to_builtins(replace(one, late=one.late and one.delivered > 0)) for one in book]
    points, talks, browsing, profile = record.points, record.talks, record.browsing, record.profile
    return {
        "orders": orders,
        "purchases": msgspec.to_builtins(record.purchases),
        "points": (points.earned, points.reversed, points.redeemed, points.lapsed, open_lots(points)),
        "complaints": complaints,
        "complained": (record.complaints.total, record.complaints.resolved),
        "satisfaction": msgspec.to_builtins(record.satisfaction),
        "talks": msgspec.to_builtins(talks) if talks else None,
        "touchpoints": (
            browsing.views, browsing.searches, browsing.empty_searches, browsing.refused_coupons,
            browsing.failed_payments,
        ),
        "profile": (profile.name, profile.phone, profile.region, profile.household_size),
        "wishes": sorted((one.sku, one.at, one.price) for one in record.wishes if one.is_noted),
        "consents": sorted((one.channel, one.purpose, one.granted, one.at) for one in record.consents),
        "sent": [one.state for one in record.sent],
        "segment": (record.segment.value, record.segment.rfm, record.segment.activity),
    }  # fmt: skip


@pytest.mark.timeout(3_600)
def test_any_order_of_arrival_leads_to_the_same_record() -> None:
    for seed in range(LIVES):
        dice = Random(seed)
        life = random_life(dice)
        arrived = list(life)
        dice.shuffle(arrived)

        assert essence(arrived) == essence(life), f"life {seed}"


def test_a_cancellation_that_was_taken_back_says_the_same_of_the_promise_whenever_it_is_heard_of() -> None:
    told = [
        placed(START, promised=when(2)),
        event("order.delivered", when(30), order_id="o-1"),
        event("order.restored", when(33), order_id="o-1"),
        event("order.cancelled", when(9), order_id="o-1"),
    ]

    assert [essence(list(arrived)) == essence(told) for arrived in permutations(told)] == [True] * 24
