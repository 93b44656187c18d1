"""Records, order books and the states of lanes as bytes, and older layouts brought up to date when they are read.

All are MessagePack arrays without names; records and order books are compressed with a dictionary of what records have
in common (``schemas.compression``). A field added at the end, with a default, needs no step; anything else raises the
version and gets one in ``RECORD_STEPS``, ``ORDER_STEPS`` or ``STATE_STEPS``. So a program reads what older ones wrote
and writes what is its own. What a newer one wrote it refuses, as it would lose what it does not know: the lane parks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from schemas.compression import BadCompression, pack, unpack
from schemas.errors import ConfigurationRefused
from schemas.ids import short_key
from schemas.lane import LAYOUT, LaneState
from schemas.order_book import ORDERS_VERSION, OrderBook
from schemas.record import VERSION, CustomerRecord

UpgradeStep = Callable[[list[Any]], list[Any]]
"""From the plain layout of one version to that of the next."""
Kept = TypeVar("Kept", CustomerRecord, OrderBook)

_SENT_AT = CustomerRecord.__struct_fields__.index("sent")


def _record_to_2(plain: list[Any]) -> list[Any]:
    """Of actions given out six bytes of their ids are kept, instead of eight."""
    for sent in plain[_SENT_AT]:
        sent[0] = short_key(sent[0])
    return [2, *plain[1:]]


RECORD_STEPS: Mapping[int, UpgradeStep] = {1: _record_to_2}


def _orders_to_2(plain: list[Any]) -> list[Any]:
    """What was one state becomes one of goods and one of money."""
    usual = ("", 0, 0, "", "placed", 0, 0, 0, 0, False, 0)
    for order in plain[1]:
        order += usual[len(order) :]
        status, points, refunded, changed = order[4], order[7], order[8], max(order[10], 1)
        refunds = [[b"", refunded, status == "returned", changed, 0]] if refunded and status != "cancelled" else []
        order += [changed * (status == "dispatched"), changed * (status == "cancelled"), 0, refunds, 0, points, 0, 0, 0]
    return [2, *plain[1:]]


_LAYOUT_AT = LaneState.__struct_fields__.index("layout")


def _state_to_2(plain: list[Any]) -> list[Any]:
    """The state stays as it is. What lies beside it does not: a customer's recent decisions are one value."""
    whole = [*plain, *msgspec.to_builtins(LaneState({}))[len(plain) :]]
    whole[_LAYOUT_AT] = 2
    return whole


ORDER_STEPS: Mapping[int, UpgradeStep] = {1: _orders_to_2}
STATE_STEPS: Mapping[int, UpgradeStep] = {1: _state_to_2}
"""These find the version at its own place."""

_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(CustomerRecord)
_orders = msgspec.msgpack.Decoder(OrderBook)


_BROKEN = (msgspec.MsgspecError, BadCompression, ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What reading bytes of any kind may raise: text that is no UTF-8, versions that are no numbers."""


class Unreadable(ConfigurationRefused):
    """A stored record, order book or lane state that this program cannot read. No event or rule is to blame for it."""


class _Head(msgspec.Struct, array_like=True):
    version: int


_heads = msgspec.msgpack.Decoder(_Head)


def encode_record(record: CustomerRecord) -> bytes:
    """The record as it is stored. Dictionaries keep the order of their history, which is the same in each run."""
    return pack(_encoder.encode(record))


def encode_record_and_size(record: CustomerRecord) -> tuple[bytes, int]:
    """The same with ``size_of``, which costs nothing here."""
    plain = _encoder.encode(record)
    return pack(plain), len(plain)


def decode_record(body: bytes) -> CustomerRecord:
    """The record in a body of this or an older version.

    Raises:
        Unreadable: it is no record, or one of a newer version.
    """
    return decode_record_and_size(body)[0]


def decode_record_and_size(body: bytes) -> tuple[CustomerRecord, int]:
    """The same with its bytes before compression, as they were written."""
    return _decode(body, _records, VERSION, RECORD_STEPS, "customer record")


def encode_orders(book: OrderBook) -> bytes:
    """The order book as it is stored."""
    return pack(_encoder.encode(book))


def decode_orders(body: bytes) -> OrderBook:
    """The order book in a body of this or an older version.

    Raises:
        Unreadable: it is none, or one of a newer version.
    """
    return _decode(body, _orders, ORDERS_VERSION, ORDER_STEPS, "order book")[0]


def decode_state(body: bytes) -> LaneState:
    """The state of a lane in a body of this or an older layout.

    Raises:
        Unreadable: it is none, or one of a newer layout.
    """
    try:
        plain = msgspec.msgpack.decode(body, type=list[Any])
        while (found := plain[_LAYOUT_AT] if len(plain) > _LAYOUT_AT else 1) != LAYOUT:
            _check_known("lane state", found, LAYOUT)
            plain = _step_from(found, LAYOUT, STATE_STEPS)(plain)
        return msgspec.convert(plain, LaneState)
    except _BROKEN as error:
        raise _no("lane state", error) from None


def size_of(record: CustomerRecord) -> int:
    """Bytes of the record before compression: the most that it can take in the store."""
    return len(_encoder.encode(record))


def upgraded(plain: list[Any], version: int, steps: Mapping[int, UpgradeStep]) -> list[Any]:
    """The plain layout brought to ``version``, step by step.

    Raises:
        Unreadable: no step leads on from the version found.
    """
    while plain[0] != version:
        plain = _step_from(plain[0], version, steps)(plain)
    return plain


def _step_from(found: int, version: int, steps: Mapping[int, UpgradeStep]) -> UpgradeStep:
    step = steps.get(found)
    if step is None:
        raise Unreadable(f"version {found} cannot be brought to version {version}: no step leads on from it")
    return step


def _decode(
    body: bytes, decoder: msgspec.msgpack.Decoder[Kept], version: int, steps: Mapping[int, UpgradeStep], what: str
) -> tuple[Kept, int]:
    try:
        plain = unpack(body)
        found = _version_in(plain)
        if found == version:
            return decoder.decode(plain), len(plain)
        _check_known(what, found, version)
        kept = msgspec.convert(upgraded(msgspec.msgpack.decode(plain), version, steps), decoder.type)
        return kept, len(plain)
    except _BROKEN as error:
        raise _no(what, error) from None


def _version_in(plain: bytes) -> int:
    """The first field of an array; where its head takes one byte or three, as it nearly always does, it lies bare."""
    kind = plain[0] if plain else 0
    at = 1 if kind & 0xF0 == 0x90 else 3 if kind == 0xDC else len(plain)
    return plain[at] if at < len(plain) and plain[at] < 0x80 else _heads.decode(plain).version


def _check_known(what: str, found: int, version: int) -> None:
    if found > version:
        raise Unreadable(
            f"{what} of version {found}; this program reads up to version {version}: "
            "run the version of tend that wrote it, or a newer one"
        )


def _no(what: str, error: Exception) -> Unreadable:
    if "at most length" in str(error):
        return Unreadable(
            f"{what} with fields that this program does not know ({error}): "
            "run the version of tend that wrote it, or a newer one"
        )
    return Unreadable(f"these bytes are no {what}: {error}")


def with_names(value: Any) -> Any:
    """A stored value for people and JSON: structs that travel as arrays get their names back, bytes in hexadecimal."""
    if isinstance(value, msgspec.Struct):
        return {field: with_names(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [with_names(item) for item in value]
    if isinstance(value, dict):
        return {str(key): with_names(item) for key, item in value.items()}
    return value.hex() if isinstance(value, bytes) else value
