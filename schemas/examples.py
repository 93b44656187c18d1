"""One example of every kind of message, as it travels: the documents show them, the tests check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ACTION_ID = "9f2c41d07be5a8364410c7de25b90f13"
_RECEIPT: Final[Mapping[str, Any]] = {"action_id": _ACTION_ID}
_ITEM: Final[Mapping[str, Any]] = {"sku": "B-4711", "quantity": 2, "price": 2990, "category": "books"}

_EVENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "order.placed": {
        "order_id": "o-1001",
        "amount": 2990,
        "currency": "EUR",
        "items": [_ITEM],
        "promised_at": "2026-03-05T20:00:00+01:00",
        "cart_id": "c-77",
    },
    "order.cancelled": {"order_id": "o-1001", "reason": "changed my mind"},
    "order.dispatched": {"order_id": "o-1001", "carrier": "DHL", "promised_at": "2026-03-05T20:00:00+01:00"},
    "order.delivered": {"order_id": "o-1001", "parcel": "p-1"},
    "order.returned": {"order_id": "o-1001", "amount": 1495, "reason": "too small", "refund": "r-31"},
    "order.updated": {"order_id": "o-1001", "amount": 4485, "items": [{**_ITEM, "quantity": 3, "price": 4485}]},
    "order.restored": {"order_id": "o-1001", "reason": "payment came after all"},
    "order.exchanged": {"order_id": "o-1001", "items": [_ITEM], "replacement": "o-1002", "reason": "too small"},
    "refund.requested": {"order_id": "o-1001", "refund": "r-31", "amount": 1495, "reason": "damaged"},
    "refund.paid": {"order_id": "o-1001", "refund": "r-31", "amount": 1495, "method": "card"},
    "refund.withdrawn": {"order_id": "o-1001", "refund": "r-31", "reason": "declined"},
    "points.redeemed": {"points": 200, "reference": "red-9", "order_id": "o-1002"},
    "product.viewed": {"sku": "B-4711", "category": "books"},
    "search.performed": {"query": "field guide birds", "results": 14},
    "cart.item_added": {
        "cart_id": "c-77",
        "sku": "B-4711",
        "quantity": 2,
        "price": 2990,
        "currency": "EUR",
        "title": "Field Guide to Birds",
        "url": "https://lindmoor.example/b/4711",
        "image": "https://lindmoor.example/b/4711.jpg",
    },
    "cart.item_removed": {"cart_id": "c-77", "sku": "B-4711"},
    "checkout.started": {"cart_id": "c-77", "amount": 2990, "currency": "EUR"},
    "checkout.step": {"cart_id": "c-77", "step": "delivery"},
    "wishlist.added": {"sku": "B-4711", "price": 1495, "currency": "EUR", "in_stock": False},
    "wishlist.removed": {"sku": "B-4711"},
    "payment.failed": {"cart_id": "c-77", "reason": "card expired"},
    "coupon.refused": {"code": "SPRING10", "reason": "expired"},
    "complaint.opened": {
        "complaint_id": "k-5",
        "category": "delivery",
        "order_id": "o-1001",
        "text": "The parcel was left in the rain.",
    },
    "complaint.updated": {"complaint_id": "k-5", "urgency": "high", "text": "The books are wet."},
    "complaint.resolved": {"complaint_id": "k-5", "resolution": "sent again"},
    "complaint.reopened": {"complaint_id": "k-5", "text": "The second parcel did not come."},
    "complaint.taken": {"complaint_id": "k-5", "owner": "mei"},
    "complaint.handed_over": {"complaint_id": "k-5", "owner": "jonas"},
    "complaint.answered": {"complaint_id": "k-5", "text": "The books leave our warehouse again today."},
    "customer.registered": {
        "name": "Ada",
        "email": "ada@example.org",
        "phone": "+4915112345678",
        "locale": "de-DE",
        "zone": "Europe/Berlin",
        "birthday": "1985-12-10",
    },
    "customer.updated": {"zone": "Europe/Lisbon", "tags": ["press"]},
    "consent.granted": {"channel": "email", "purpose": "marketing"},
    "consent.withdrawn": {"channel": "sms", "purpose": "marketing"},
    "erasure.requested": {},
    "customer.identified": {"into": "ada-lind"},
    "customer.merged": {"was": "visitor-8f3a", "life": "kgE="},
    "custom.happened": {"name": "circle_joined", "fields": {"circle": "Birds of the coast", "seats": 2}},
    "coupon.claimed": {"code": "SUMMER-3", "expires_at": "2026-04-01T23:59:59+02:00", "percent": 5},
    "product.updated": {
        "sku": "B-4711",
        "title": "Field Guide to Birds",
        "category": "books",
        "price": 1295,
        "currency": "EUR",
        "stock": 12,
        "url": "https://lindmoor.example/b/4711",
        "image": "https://lindmoor.example/b/4711.jpg",
    },
    "survey.answered": {"action_id": _ACTION_ID, "scores": {"overall": 4, "delivery": 2}, "text": "Late, but fine."},
    "product.reviewed": {"sku": "B-4711", "rating": 5, "text": "Every bird is in it."},
    "feedback.given": {"kind": "question", "topic": "opening hours", "text": "Are you open on Sunday?"},
    "contact.made": {"channel": "call", "topic": "delivery", "outcome": "open", "order_id": "o-1001"},
    "receipt.accepted": _RECEIPT,
    "receipt.delivered": _RECEIPT,
    "receipt.failed": {**_RECEIPT, "reason": "mailbox full", "permanent": False},
    "receipt.opened": _RECEIPT,
    "receipt.clicked": _RECEIPT,
    "receipt.redeemed": {**_RECEIPT, "code": "THANKS-8K2Q", "order_id": "o-1002", "discount": 300},
    "receipt.unsubscribed": {**_RECEIPT, "channel": "email", "purpose": "marketing"},
    "callback.completed": {**_RECEIPT, "outcome": "reached", "note": "wants a catalogue"},
    "callback.taken": {**_RECEIPT, "owner": "mei"},
    "callback.handed_over": {**_RECEIPT, "owner": "jonas"},
}

_COUPON: Final[Mapping[str, Any]] = {"code": "THANKS-8K2Q", "percent": 10, "expires_at": "2026-04-01T23:59:59+02:00"}
_ACTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "coupon": {
        "rule": "first-order-thanks",
        "reason": "the first order was delivered",
        "template": "first-order-thanks",
        "values": {"coupon.code": "THANKS-8K2Q", "coupon.off": 10},
        "text": "Thank you. 10% off your next order with THANKS-8K2Q.",
        "coupon": _COUPON,
    },
    "greeting": {
        "rule": "birthday",
        "reason": "birthday today",
        "template": "birthday",
        "values": {},
        "text": "Happy birthday.",
        "hours": {"earliest": "08:00", "latest": "20:00", "zone": "Europe/Berlin"},
    },
    "message": {
        "rule": "delivery-survey",
        "reason": "an order was delivered two days ago",
        "template": "delivery-survey",
        "values": {"order.id": "o-1001"},
        "text": "How was the delivery of order o-1001?",
        "survey": "delivery",
    },
    "callback": {
        "channel": "call",
        "address": "customer/ada/phone",
        "rule": "win-back-call",
        "reason": "a customer of high value is likely to leave",
        "template": "win-back-call",
        "values": {"orders.days_since_last": 71},
        "text": "Call this customer. Last order 71 days ago.",
        "due_at": "2026-03-06T17:00:00+01:00",
    },
    "ticket": {
        "channel": "desk",
        "address": "desk/delivery",
        "rule": "complaint-routing",
        "reason": "a complaint of high urgency was opened",
        "template": "complaint-ticket",
        "values": {"complaint.id": "k-5"},
        "text": "high: delivery (k-5). First complaint.",
        "queue": "delivery",
        "urgency": "high",
        "due_at": "2026-03-05T14:00:00+01:00",
        "complaint_id": "k-5",
        "category": "delivery",
    },
}
_ANY_ACTION: Final[Mapping[str, Any]] = {
    "version": 1,
    "action_id": _ACTION_ID,
    "customer": "ada",
    "channel": "email",
    "address": "customer/ada/email",
    "purpose": "service",
    "rulebook": "3f9ac01b",
    "almanac": 61,
    "locale": "en",
    "decided_at": "2026-03-05T10:00:00Z",
    "not_before": "2026-03-05T10:00:00Z",
    "expires_at": "2026-03-12T10:00:00Z",
    "priority": 500,
    "sequence": 4211,
}


def example(family: str, kind: str) -> dict[str, Any]:
    """The example of a kind: ``example("events", "order.placed")``, ``example("actions", "coupon")``.

    Raises:
        KeyError: there is none.
    """
    if family == "actions":
        return {"kind": kind, **_ANY_ACTION, **_ACTIONS[kind]}
    return {
        "type": kind,
        "version": 1,
        "id": f"e-{sorted(_EVENTS).index(kind) + 1}",
        "customer": "ada",
        "time": "2026-03-03T14:25:31.120+01:00",
        **_EVENTS[kind],
    }
