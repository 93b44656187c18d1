"""Stage 6, events: an order as what happened, in the words of the contract, admitted as at any other door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from agents.access import AccessKeys, Actor, admit
from agents.imports.orders import ImportedOrder, LaterChange, order_of, plain
from agents.replay.sorting import sorted_lines
from schemas.errors import TendError
from schemas.events import Invalid
from schemas.ids import digest
from schemas.times import to_rfc3339

IMPORTER: Final = Actor("system", "import")
_SHIFT: Final = 10**15
_RANKS: Final = {
    "customer.registered": 0, "customer.updated": 0, "consent.granted": 1, "consent.withdrawn": 1, "order.placed": 2,
    "order.dispatched": 3, "order.delivered": 4, "order.cancelled": 5, "order.returned": 6,
    "refund.paid": 7,
}  # fmt: skip
"""Of what happens at one moment, in which order it is told."""

Told = dict[str, Any]
"""An event's fields, before it is admitted; its time is in milliseconds."""


def told_orders(orders: Iterable[ImportedOrder]) -> Iterator[Told]:
    """What happened, order by order."""
    for order in orders:
        yield from _contact(order)
        yield _placed(order)
        for n, later in enumerate(order.later):
            yield from _later(order, later, n)


def numbered_lines(orders: Iterable[ImportedOrder]) -> Iterator[ImportedOrder]:
    """Orders that carry no number get one each: two equal rows are two orders, not one told twice."""
    seen, times = "", 0
    for line in sorted_lines(map(_keyed, orders)):
        head, fields = line.split(b"\t", 1)
        order = order_of(orjson.loads(fields))
        key = head.decode()
        times = times + 1 if key == seen else 1
        seen = key
        name = f"l-{key.rpartition(':')[2]}"
        yield order._replace(order=name if times == 1 else f"{name}-{times}")


def in_time_order(told: Iterable[Told]) -> Iterator[Told]:
    """The events sorted on disk by their time; memory does not grow with them."""
    for line in sorted_lines(map(_timed, told)):
        yield orjson.loads(line.split(b"\t", 3)[3])


def admitted(told: Iterable[Told], source: str, keys: AccessKeys, counts: Counter[str]) -> Iterator[bytes]:
    """The events as JSON lines of the contract.

    Raises:
        TendError: one is none, which the stages before should have seen.
    """
    for fields in told:
        counts[fields["type"]] += 1
        event = fields | {"version": 1, "time": to_rfc3339(fields["time"])}
        try:
            yield admit(event, actor=IMPORTER, source=source, keys=keys, partitions=1).body + b"\n"
        except Invalid as problem:
            raise TendError(f"{fields['type']} of {fields['customer']}: {problem}. Nothing was written.") from None


def event_id(*parts: str) -> str:
    """The same event has the same id in every import."""
    return f"i-{digest(*parts, size=16).hex()}"


def _placed(order: ImportedOrder) -> Told:
    told: Told = {
        "id": event_id(order.order), "type": "order.placed", "time": order.time, "customer": order.customer,
        "order_id": order.order, "amount": order.amount, "currency": order.currency,
    }  # fmt: skip
    if order.items:
        told["items"] = order.items
    if order.coupons:
        told["coupons"] = order.coupons
    if order.promised is not None:
        told["promised_at"] = to_rfc3339(order.promised)
    return told


def _later(order: ImportedOrder, later: LaterChange, n: int) -> Iterator[Told]:
    told: Told = {"time": later.time, "customer": order.customer, "order_id": order.order}
    key = (order.order, str(later.time), str(later.amount), str(n))
    if not later.amount:
        yield told | {"id": event_id(later.kind, *key), "type": later.kind}
        return
    told |= {"amount": later.amount, "refund": event_id("refund", *key)}
    if later.kind == "order.returned":
        yield told | {"id": event_id("order.returned", *key), "type": "order.returned"}
    # The history tells what went back, not what is still owed.
    yield told | {"id": event_id("refund.paid", *key), "type": "refund.paid"}


def _contact(order: ImportedOrder) -> Iterator[Told]:
    details = {name: value for name, value in order.contact.items() if name != "consent"}
    base: Told = {"time": order.time, "customer": order.customer}
    if details:
        key = event_id("contact", order.customer, str(order.time), *map(str, details.values()))
        yield base | {"id": key, "type": "customer.updated"} | details
    if "consent" in order.contact:
        kind = "consent.granted" if order.contact["consent"] else "consent.withdrawn"
        key = event_id(kind, order.customer, str(order.time))
        yield base | {"id": key, "type": kind, "channel": "email", "purpose": "marketing"}


def _keyed(order: ImportedOrder) -> bytes:
    sku = order.items[0]["sku"] if order.items else ""
    key = digest(order.customer, str(order.time), str(order.amount), order.currency, sku, size=12).hex()
    return f"{order.time + _SHIFT:017d}:{key}\t".encode() + orjson.dumps(plain(order), option=orjson.OPT_APPEND_NEWLINE)


def _timed(told: Told) -> bytes:
    head = f"{told['time'] + _SHIFT:017d}\t{_RANKS.get(told['type'], 2)}\t{told['id']}\t"
    return head.encode() + orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
