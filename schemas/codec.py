"""Records and order books as bytes, and older layouts brought up to date when they are read.

Both are MessagePack arrays without names, compressed with a dictionary of what records have in common
(``schemas.packing``). A field added at the end, with a default, needs no new version; anything else raises the
version and gets a step in ``RECORD_STEPS`` or ``ORDER_STEPS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from schemas.errors import TendError
from schemas.packing import BadPacking, pack, unpack
from schemas.record import ORDERS_VERSION, VERSION, OrderBook, Record

Step = Callable[[list[Any]], list[Any]]
"""From the plain layout of one version to that of the next."""
Kept = TypeVar("Kept", Record, OrderBook)

RECORD_STEPS: Mapping[int, Step] = {}
ORDER_STEPS: Mapping[int, Step] = {}

_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(Record)
_orders = msgspec.msgpack.Decoder(OrderBook)


class Unreadable(TendError):
    """A stored record or order book that this program cannot read."""


class _Head(msgspec.Struct, array_like=True):
    version: int


_heads = msgspec.msgpack.Decoder(_Head)


def encode_record(record: Record) -> bytes:
    """The record as it is stored. Dictionaries keep the order of their history, which is the same in each run."""
    return pack(_encoder.encode(record))


def decode_record(body: bytes) -> Record:
    """The record in a body of this or an older version.

    Raises:
        Unreadable: it is no record, or one of a newer version.
    """
    return _decode(body, _records, VERSION, RECORD_STEPS, "customer record")


def encode_orders(book: OrderBook) -> bytes:
    """The order book as it is stored."""
    return pack(_encoder.encode(book))


def decode_orders(body: bytes) -> OrderBook:
    """The order book in a body of this or an older version.

    Raises:
        Unreadable: it is none, or one of a newer version.
    """
    return _decode(body, _orders, ORDERS_VERSION, ORDER_STEPS, "order book")


def size_of(record: Record) -> int:
    """Bytes of the record before compression: the most that it can take in the store."""
    return len(_encoder.encode(record))


def upgraded(plain: list[Any], version: int, steps: Mapping[int, Step]) -> list[Any]:
    """The plain layout brought to ``version``, step by step.

    Raises:
        Unreadable: no step leads on from the version found.
    """
    while plain[0] != version:
        step = steps.get(plain[0])
        if step is None:
            raise Unreadable(f"version {plain[0]} cannot be brought to version {version}: no step leads on from it")
        plain = step(plain)
    return plain


def _decode(
    body: bytes, decoder: msgspec.msgpack.Decoder[Kept], version: int, steps: Mapping[int, Step], what: str
) -> Kept:
    try:
        plain = unpack(body)
        found = _heads.decode(plain).version
        if found == version:
            return decoder.decode(plain)
        if found > version:
            raise Unreadable(
                f"{what} of version {found}; this program reads up to version {version}: "
                "run the version of tend that wrote it, or a newer one"
            )
        return msgspec.convert(upgraded(msgspec.msgpack.decode(plain), version, steps), decoder.type)
    except (msgspec.MsgspecError, BadPacking) as error:
        raise Unreadable(f"these bytes are no {what}: {error}") from None
