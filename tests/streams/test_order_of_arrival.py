"""The same events lead to the same record, in whatever order they arrive."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.events import AnyEvent
from schemas.record import OrderBook, Sent
from schemas.times import DAY
from streams.customer import Customer
from tests.builders import START, Life, complained, event, placed, when

END = when(120)
ORDERS = ("o-1", "o-2")
COMPLAINTS = ("p-1", "p-2")
ACTION = "9f2c41d07be5a8364410c7de25b90f13"

days = st.integers(0, 80).map(lambda quarter: quarter / 4)
amounts = st.integers(0, 80).map(lambda units: units * 125)


def _order(draw: Any, kind: str, order_id: str, at: int) -> AnyEvent:
    amount, promise = draw(amounts), at + draw(st.integers(1, 9)) * DAY // 2
    reference = {"refund": draw(st.sampled_from(["r-1", "r-2"]))}
    fields: dict[str, dict[str, Any]] = {
        "order.updated": {"amount": amount},
        "order.returned": {"amount": amount} | (reference if draw(st.booleans()) else {}),
        "refund.requested": {"amount": amount, **reference},
        "refund.paid": {"amount": amount} | (reference if draw(st.booleans()) else {}),
    }
    if kind == "order.placed":
        return placed(at, order_id=order_id, amount=amount, promised=promise if draw(st.booleans()) else None)
    return event(kind, at, order_id=order_id, **fields.get(kind, {}))


@st.composite
def lives(draw: Any) -> list[AnyEvent]:
    """Events of a life, each order placed once, in the order of their time."""
    told: list[AnyEvent] = []
    for order_id in ORDERS:
        told.append(_order(draw, "order.placed", order_id, when(draw(days))))
        kinds = ["dispatched", "delivered", "cancelled", "restored", "returned", "updated", "exchanged"]
        news = st.lists(
            st.sampled_from([*(f"order.{kind}" for kind in kinds), "refund.requested", "refund.paid"]), max_size=6
        )
        told += [_order(draw, kind, order_id, when(draw(days))) for kind in draw(news)]
    for complaint_id in COMPLAINTS:
        told.append(complained(when(draw(days)), complaint_id))
        for kind in draw(st.lists(st.sampled_from(["opened", "updated", "resolved", "reopened"]), max_size=5)):
            classified = {"category": draw(st.sampled_from(["product", "delivery"]))} if kind != "resolved" else {}
            fields = classified if kind in ("opened", "updated") else {}
            told.append(event(f"complaint.{kind}", when(draw(days)), complaint_id=complaint_id, **fields))
    for _ in range(draw(st.integers(0, 4))):
        told.append(event("survey.answered", when(draw(days)), scores={"overall": draw(st.integers(1, 5))}))
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["granted", "withdrawn"]))
        told.append(event(f"consent.{kind}", when(draw(days)), channel="email", purpose="marketing"))
    for kind in draw(st.lists(st.sampled_from(["delivered", "opened", "failed", "accepted"]), max_size=4)):
        told.append(event(f"receipt.{kind}", when(draw(days)), action_id=ACTION))
    unique = {one.id: one for one in told}
    return sorted(unique.values(), key=lambda one: (one.at, one.id))


def essence(events: list[AnyEvent]) -> dict[str, Any]:
    """What is known of the customer after these events, in the order in which they arrive.

    Left out is what depends on when something was heard of, as it should: what was noticed, done and predicted.
    """
    life = Life(since=START - DAY)
    life.record.sent = [Sent(bytes.fromhex(ACTION)[:8], 1, START, "email", "service")]
    life.happens(*events)
    life.until(END)
    return essence_of(life.customer)


def essence_of(customer: Customer) -> dict[str, Any]:
    """The same of a customer as they stand."""
    record, orders_known = customer.record, customer.orders or OrderBook()
    complaints = [
        (one.id, one.category, one.urgency, one.opened, one.closed, one.reopened, one.deadline, one.moves)
        for one in sorted(record.complaints.recent, key=lambda one: one.id)
    ]
    book = sorted(orders_known.orders, key=lambda one: one.id)
    orders = [msgspec.to_builtins(replace(one, late=one.late and one.delivered > 0)) for one in book]
    return {
        "orders": orders,
        "purchases": msgspec.to_builtins(record.purchases),
        "points": msgspec.to_builtins(record.points),
        "complaints": complaints,
        "complained": (record.complaints.total, record.complaints.resolved),
        "satisfaction": msgspec.to_builtins(record.satisfaction),
        "consents": sorted((one.channel, one.purpose, one.granted, one.at) for one in record.consents),
        "sent": [one.state for one in record.sent],
        "segment": (record.segment.value, record.segment.rfm, record.segment.activity),
    }


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(lives(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_leads_to_the_same_record(life: list[AnyEvent], dice: Any) -> None:
    arrived = list(life)
    dice.shuffle(arrived)

    assert essence(arrived) == essence(life)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("part", range(2))  # Hypothesis takes longer for each example the more it has seen
@settings(deadline=None, max_examples=750, suppress_health_check=list(HealthCheck))
@given(life=lives(), dice=st.randoms(use_true_random=False))
def test_many_lives_in_any_order_of_arrival_lead_to_the_same_record(part: int, life: list[AnyEvent], dice: Any) -> None:
    arrived = list(life)
    dice.shuffle(arrived)

    assert essence(arrived) == essence(life)
