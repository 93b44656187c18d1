"""Two ids, one customer: a life moves to the id that it belongs to, and what comes under the old one follows it.

A life is under way once: its old record keeps nothing but where it went, in the commit that sends it. Lives never
circle. Where ids were said to be each other at one time, a life that is sent on comes home, and stays there.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

import msgspec

from rules.context import EventContext
from schemas.codec import Unreadable, decode_orders, decode_record, encode_orders, encode_record
from schemas.customers import CustomerIdentified, CustomerMerged
from schemas.events import AnyEvent, encode_event, readdressed
from schemas.ids import digest
from schemas.order_book import OrderBook
from schemas.outcome import Passed
from schemas.outcome_codes import OutcomeCode
from schemas.record import CustomerRecord, Seen
from schemas.topics import CUSTOMERS, TOPIC_OF
from streams.duplicates import key_of, ring_of, told_before
from streams.merged_life import take_in


def identify(context: EventContext, event: CustomerIdentified) -> OutcomeCode | None:
    """This id turned out to be somebody: their life goes there, and nothing else is kept here."""
    record = context.record
    if event.into == record.id or any(one.id == event.into for one in record.merged):
        return OutcomeCode.IDENTITY_CONFLICT
    life = b64encode(_packed(record, context.orders)).decode()
    merged = CustomerMerged(
        id=f"merged-{_told_by(event)}", customer=event.into, time=event.time, simulated=event.simulated, was=record.id,
        life=life,
    )  # fmt: skip
    context.outcome.passed.append(Passed(CUSTOMERS, event.into, encode_event(merged)))
    context.record = CustomerRecord(
        record.version,
        record.id,
        record.created,
        seen=context.at,
        merged_into=event.into,
        merged=record.merged,
        recent=record.recent,
        browsed=record.browsed,
        voiced=record.voiced,
    )
    context.orders = OrderBook()
    return None


def merge(context: EventContext, event: CustomerMerged) -> OutcomeCode | None:
    """A life comes to the customer whom it belongs to.

    Raises:
        ValueError: it cannot be read.
    """
    record, orders = _unpacked(event.life)
    take_in(context, record, orders, event.was, event.at)
    context.count(OutcomeCode.MERGED)
    return None


def pass_on(context: EventContext, event: AnyEvent) -> None:
    """What comes under an id that belongs to another customer goes to them, as if told of them."""
    record = context.record
    if isinstance(event, CustomerIdentified):
        same = event.into == record.merged_into
        context.count(OutcomeCode.DUPLICATE if same else OutcomeCode.IDENTITY_CONFLICT)
        return
    before = told_before(ring_of(record, event) or Seen(), event, key_of(event.id))
    if before is not None:
        # It is part of the life that went there, which it might overtake on another topic.
        context.count(before)
        return
    told = readdressed(event, record.merged_into)
    context.outcome.passed.append(Passed(TOPIC_OF[event.type], record.merged_into, told))
    context.count(OutcomeCode.MOVED)


def comes_home(record: CustomerRecord, event: AnyEvent) -> bool:
    """Whether a life that was sent on went round in a circle: then it stays where it came from."""
    return isinstance(event, CustomerMerged) and event.was == record.id


def _told_by(event: CustomerIdentified) -> str:
    """Which word this life goes by, in as few letters as an id may have, however long the ids of the two are."""
    return digest(f"{event.customer} {event.id}", size=16).hex()


def _packed(record: CustomerRecord, orders: OrderBook | None) -> bytes:
    return msgspec.msgpack.encode([encode_record(record), encode_orders(orders or OrderBook())])


def _unpacked(life: str) -> tuple[CustomerRecord, OrderBook]:
    try:
        record, orders = msgspec.msgpack.decode(b64decode(life, validate=True), type=tuple[bytes, bytes])
        return decode_record(record), decode_orders(orders)
    except (ValueError, msgspec.MsgspecError, Unreadable) as error:
        raise ValueError(f"a life that cannot be read: {type(error).__name__}") from None
