"""Doors at which other systems' words come in: webhooks, calls, mails that came back, files, conditions of rules."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import orjson

from agents.connectors import segment
from agents.connectors.hooks import Hook, read_by
from agents.connectors.told import LeftOut, Refused
from agents.dead_letters import described
from agents.gateway.webhooks import SHOPIFY, WOOCOMMERCE, System
from agents.imports.look import look_at
from agents.senders.bounces import read_bounce
from rules.language import BadExpression, compile_expression
from schemas.errors import TendError
from schemas.lane import KafkaRecord
from schemas.topics import DEAD_LETTERS
from tests.builders import START
from tests.fuzz.door import Door

_NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
READABLE = (LeftOut, Refused)


def _webhook(system: System, data: bytes) -> None:
    """The first byte chooses the topic; what is no JSON object is refused before."""
    names = [name for row in system.table for name in row.names]
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(data[1:])
        if isinstance(body, dict):
            told = read_by(system.table, Hook(names[(data[0] if data else 0) % len(names)], body, _NOW))
            list(system.follows(told.order, {fact.name: fact.told for fact in told.facts}))


def _shopify(data: bytes) -> None:
    _webhook(SHOPIFY, data)


def _woocommerce(data: bytes) -> None:
    _webhook(WOOCOMMERCE, data)


def _segment(data: bytes) -> None:
    with contextlib.suppress(orjson.JSONDecodeError):
        segment.read(orjson.loads(data), segment.Reader(_NOW, "EUR"))


def _table(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.csv")
        path.write_bytes(data)
        look_at(path)


def _condition(data: bytes) -> None:
    compile_expression(data.decode("utf-8", "replace"))


def _letter(data: bytes) -> None:
    name, value, body = (*data.split(b"\n", 2), b"", b"")[:3]
    headers = ((name.decode("utf-8", "replace"), value), ("tend-reason", value), ("tend-offset", name))
    orjson.dumps(described(KafkaRecord(DEAD_LETTERS, 0, 0, START, name, body, headers), body=True))


_ORDER = {
    "id": 1, "name": "#1001", "processed_at": "2026-11-19T10:00:00+01:00", "updated_at": "2026-11-19T11:00:00+01:00",
    "currency": "EUR", "current_total_price": "10.00", "total_price": "12.50", "financial_status": "paid",
    "customer": {"id": 7, "email": "a@example.org", "first_name": "A", "phone": "+491234567"},
    "line_items": [{"id": 1, "sku": "s", "title": "t", "quantity": 1, "price": "10.00"}],
    "refunds": [{"id": 2, "created_at": "2026-11-19T12:00:00Z",
                 "transactions": [{"kind": "refund", "amount": "1.00"}]}],
    "fulfillments": [{"id": 3, "status": "success", "created_at": "2026-11-19T12:00:00Z",
                      "updated_at": "2026-11-20T12:00:00Z", "shipment_status": "delivered",
                      "line_items": [{"id": 1, "quantity": 1, "requires_shipping": True}]}],
}  # fmt: skip
_SALE = {
    "id": 1, "number": "1001", "status": "completed", "currency": "EUR", "total": "12.50", "customer_id": 7,
    "date_created_gmt": "2026-11-19T10:00:00", "date_modified_gmt": "2026-11-19T11:00:00",
    "billing": {"email": "a@example.org", "first_name": "A", "phone": "+491234567", "country": "DE"},
    "line_items": [{"id": 1, "sku": "s", "name": "t", "quantity": 1, "total": "10.00"}],
    "refunds": [{"id": 2, "total": "-1.00", "reason": "r"}],
}  # fmt: skip
_CALLS = (
    {"type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-1",
     "timestamp": "2026-11-19T10:00:00Z", "properties": {"order_id": "o-1", "total": 12.5, "currency": "EUR",
     "products": [{"sku": "s", "price": 10, "quantity": 1}]}},
    {"type": "identify", "messageId": "m-2", "anonymousId": "a-1", "traits": {"email": "a@example.org", "name": "A"}},
)  # fmt: skip
_REPORT = (
    b"From: MAILER-DAEMON@relay.example.org\nTo: bounce+0123456789abcdef0123456789abcdef@shop.example\n"
    b"Date: Fri, 20 Nov 2026 10:00:07 +0100\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\n\n'
    b"--part\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.org\n\n"
    b"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n--part--\n"
)
_WORDS = (
    b"From: MAILER-DAEMON@relay.example.org\nTo: bounce+0123456789abcdef0123456789abcdef@shop.example\n"
    b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n550 5.1.1 no such user\n"
)
_FILES = (
    b"order,date,customer,amount\no-1,2026-03-01,c-1,12.50\no-2,2026-03-02,c-2,7.00\n",
    b"Name;Created at;Email;Total\n#1;01.03.2026 10:00;a@example.org;12,50\n",
)
_CONDITIONS = (b"order.amount > 5000 && segment.tier == 'gold'", b"profile.tags.exists(t, t.matches(r'^vip'))")
OUTER_DOORS = {
    "shopify": Door(_shopify, [bytes([n]) + orjson.dumps(_ORDER) for n in range(8)], READABLE),
    "woocommerce": Door(_woocommerce, [bytes([n]) + orjson.dumps(_SALE) for n in range(4)], READABLE),
    "segment": Door(_segment, [orjson.dumps(call) for call in _CALLS], READABLE),
    "returned mail": Door(read_bounce, [_REPORT, _WORDS]),
    "table": Door(_table, _FILES, (TendError,)),
    "condition": Door(_condition, _CONDITIONS, (BadExpression,)),
    "letter": Door(_letter, [b"ce_id\nx-1\n{}"]),
}
