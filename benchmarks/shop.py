"""Events of the product's own contract at a pace, some of which lead to an action: each complaint to a ticket.

A complaint's id carries the moment at which it was sent, and the ticket carries the complaint's id.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import orjson

from agents.clock import wall_clock
from benchmarks.reference.load import Message
from schemas.ids import partition_of
from schemas.times import to_rfc3339
from schemas.topics import TOPIC_OF

ORDERS = 0.20
COMPLAINTS = 0.10
"""Share of the events; the rest are product pages."""


class _Ticket(msgspec.Struct):
    rule: str
    complaint_id: str | None = None


_tickets = msgspec.json.Decoder(_Ticket)


class Shop:
    """Events of these customers, drawn from a seed."""

    def __init__(self, customers: Sequence[str], partitions: int, complaints: float = COMPLAINTS) -> None:
        self._customers, self._partitions, self._complaints = customers, partitions, complaints
        self._dice = random.Random(1)

    def make(self, number: int, sent: int) -> Message:
        """The event of this number: complaint, order or product page."""
        which, who = self._dice.random(), self._customers[number % len(self._customers)]
        fields: dict[str, object]
        if which < self._complaints:
            kind, fields = "complaint.opened", {"complaint_id": f"sent-{sent}", "category": "delivery"}
        elif which < self._complaints + ORDERS:
            kind, fields = "order.placed", _basket(f"o-{sent}-{number}", 500 + self._dice.randrange(19_500))
        else:
            kind, fields = "product.viewed", {"sku": f"{self._dice.randrange(10_000)}", "category": "CHEESES"}
        now = wall_clock()
        body = {"id": f"e-{sent}-{number}", "type": kind, "customer": who, "time": to_rfc3339(now), **fields}
        return Message(TOPIC_OF[kind], partition_of(who, self._partitions), who, now, orjson.dumps(body))


def when_sent(body: bytes) -> int | None:
    """When the complaint was sent that this ticket routes; None for another ticket."""
    ticket = _tickets.decode(body)
    kind, _, sent = (ticket.complaint_id or "").partition("-")
    return int(sent) if ticket.rule == "complaint_routed" and kind == "sent" else None


def _basket(order: str, amount: int) -> dict[str, object]:
    items = [{"sku": "833598", "quantity": 1, "price": amount, "category": "CHEESES"}]
    return {"order_id": order, "amount": amount, "currency": "USD", "items": items}
