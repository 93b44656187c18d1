"""Random lives: all that a shop's systems may tell of one customer, each kind as often as a record remembers it.

A life follows from its seed, so a failure is named by a number and tried again.
"""

from __future__ import annotations

from random import Random
from typing import Any

from schemas.events import AnyEvent
from schemas.times import DAY, Millis
from tests.builders import START, complained, event, placed

ORDERS = ("o-1", "o-2", "o-3")
COMPLAINTS = ("p-1", "p-2")
ACTION = "9f2c41d07be5a8364410c7de25b90f13"
NEWS = (
    "order.dispatched", "order.delivered", "order.cancelled", "order.restored", "order.returned", "order.updated",
    "order.exchanged", "refund.requested", "refund.paid", "refund.withdrawn", "order.placed",
)  # fmt: skip
REFUNDS = ("r-1", "r-2")
PARCELS = ("a", "b")


def random_life(dice: Random, start: Millis = START, days: int = 60) -> list[AnyEvent]:
    """Events of a life in the order of their time."""
    told = [
        *_orders(dice, start, days), *_complaints(dice, start, days), *_voices(dice, start, days),
        *_visits(dice, start, days), *_permissions(dice, start, days), *_receipts(dice, start, days),
        *_spending(dice, start, days), *_details(dice, start, days),
    ]  # fmt: skip
    unique = {one.id: one for one in told}
    return sorted(unique.values(), key=lambda one: (one.at, one.id))


def _moment(dice: Random, start: Millis, days: int) -> Millis:
    return start + dice.randrange(days * 4) * DAY // 4


def _orders(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    told = []
    for order_id in ORDERS[: dice.randint(1, len(ORDERS))]:
        at = _moment(dice, start, days)
        told.append(_order(dice, "order.placed", order_id, at))
        told += [
            _order(dice, dice.choice(NEWS), order_id, _moment(dice, start, days)) for _ in range(dice.randint(0, 6))
        ]
    return told


def _order(dice: Random, kind: str, order_id: str, at: Millis) -> AnyEvent:
    amount, promise = dice.randint(0, 80) * 125, at + dice.randint(1, 9) * DAY // 2
    reference = {"refund": dice.choice(REFUNDS)}
    fields: dict[str, dict[str, Any]] = {
        "order.updated": {"amount": amount},
        "order.dispatched": dice.choice([{"parcel": dice.choice(PARCELS), "parcels": dice.choice([2, None])}, {}]),
        "order.delivered": dice.choice([{"parcel": dice.choice(PARCELS)}, {}]),
        "order.exchanged": {"replacement": dice.choice([*ORDERS, None])},
        "refund.withdrawn": reference,
        "order.returned": {"amount": amount} | dice.choice([reference, {}]),
        "refund.requested": {"amount": amount, **reference},
        "refund.paid": {"amount": amount} | dice.choice([reference, {}]),
    }
    if kind == "order.placed":
        return placed(at, order_id=order_id, amount=amount, promised=dice.choice([promise, None]))
    return event(kind, at, order_id=order_id, **fields.get(kind, {}))


def _complaints(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    told = []
    for complaint_id in COMPLAINTS[: dice.randint(0, len(COMPLAINTS))]:
        told.append(complained(_moment(dice, start, days), complaint_id))
        for _ in range(dice.randint(0, 5)):
            kind = dice.choice(["opened", "updated", "resolved", "reopened", "answered"])
            classified = {"category": dice.choice(["product", "delivery"])} if kind in ("opened", "updated") else {}
            told.append(event(f"complaint.{kind}", _moment(dice, start, days), complaint_id=complaint_id, **classified))
        for kind, owner in (("complaint.taken", "mei"), ("complaint.handed_over", "jonas")):
            if dice.random() < 0.4:
                told.append(event(kind, _moment(dice, start, days), complaint_id=complaint_id, owner=owner))
    return told


def _voices(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    """No more than a record can tell from duplicates."""
    made: list[tuple[str, dict[str, Any]]] = [
        ("survey.answered", {"scores": {"overall": dice.randint(1, 5), "delivery": dice.randint(1, 5)}}),
        ("survey.answered", {"scores": {"product": dice.randint(1, 5)}}),
        ("product.reviewed", {"sku": "s-1", "rating": dice.randint(1, 5)}),
        ("feedback.given", {"kind": dice.choice(["suggestion", "praise", "question"])}),
        ("contact.made", {"channel": dice.choice(["call", "chat"]), "topic": dice.choice(["delivery", "account"])}),
    ]
    return [
        event(kind, _moment(dice, start, days), **fields) for kind, fields in dice.choices(made, k=dice.randint(0, 7))
    ]


def _visits(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    made: list[tuple[str, dict[str, Any]]] = [
        ("product.viewed", {"sku": "s-1", "category": "books"}),
        ("search.performed", {"query": "birds", "results": dice.randint(0, 1)}),
        ("coupon.refused", {"code": "SPRING"}),
        ("payment.failed", {}),
        ("wishlist.added", {"sku": dice.choice(["s-1", "s-2"]), "price": dice.randint(1, 9) * 100, "currency": "EUR"}),
        ("wishlist.removed", {"sku": dice.choice(["s-1", "s-2"])}),
    ]
    return [
        event(kind, _moment(dice, start, days), **fields) for kind, fields in dice.choices(made, k=dice.randint(0, 7))
    ]


def _permissions(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    told = []
    for _ in range(dice.randint(0, 5)):
        kind = dice.choice(["consent.granted", "consent.withdrawn"])
        channel = dice.choice(["email", "sms"])
        told.append(event(kind, _moment(dice, start, days), channel=channel, purpose="marketing"))
    if dice.random() < 0.3:
        told.append(
            event("receipt.unsubscribed", _moment(dice, start, days), action_id=ACTION, channel="email",
                  purpose="marketing")
        )  # fmt: skip
    return told


def _receipts(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    kinds = ["delivered", "opened", "clicked", "failed", "accepted"]
    return [
        event(f"receipt.{dice.choice(kinds)}", _moment(dice, start, days), action_id=ACTION)
        for _ in range(dice.randint(0, 4))
    ]


def _spending(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    told = []
    for _ in range(dice.randint(0, 3)):
        number = dice.randint(1, 3)
        fields: dict[str, Any] = {"points": 20 * number, "reference": f"red-{number}"}
        if dice.random() < 0.7:
            fields["order_id"] = ORDERS[number - 1]
        told.append(event("points.redeemed", _moment(dice, start, days), **fields))
    return told


def _details(dice: Random, start: Millis, days: int) -> list[AnyEvent]:
    made: dict[str, list[Any]] = {
        "name": ["Ada", "Ada L."], "phone": ["+4915112345678", None], "region": ["Kent", "Surrey", None],
        "household_size": [1, 4, None],
    }  # fmt: skip
    return [
        event("customer.updated", _moment(dice, start, days), **{name: dice.choice(made[name]) for name in some})
        for some in (dice.sample(sorted(made), dice.randint(1, 3)) for _ in range(dice.randint(0, 4)))
    ]
