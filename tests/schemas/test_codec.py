"""Records as bytes, and older layouts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from schemas.codec import Unreadable, decode_orders, decode_record, encode_orders, encode_record, upgraded
from schemas.given_out import Coupon, Sent
from schemas.ids import short_key
from schemas.order_book import ORDERS_VERSION, Order, OrderBook
from schemas.record import VERSION, CustomerRecord, Timer


def test_a_record_comes_back_as_it_was() -> None:
    record = CustomerRecord(VERSION, "c-1", 5, timers=[Timer(7, 1)], coupons=[Coupon("A", 1, 9)], fired={3: 4, 1: 2})

    assert decode_record(encode_record(record)) == record


def test_an_order_book_comes_back_as_it_was() -> None:
    book = OrderBook(orders=[Order("o-1", 5, 100, "EUR")], reach=3)

    assert decode_orders(encode_orders(book)) == book


def test_coming_back_from_bytes_changes_no_byte() -> None:
    body = encode_record(CustomerRecord(VERSION, "c-1", 5, fired={3: 4, 1: 2}))

    assert encode_record(decode_record(body)) == body


def test_a_record_without_the_newest_fields_is_filled_with_their_defaults() -> None:
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(CustomerRecord(VERSION, "c-1", 5)))

    shorter = msgspec.msgpack.encode(plain[:-3])

    assert decode_record(shorter) == CustomerRecord(VERSION, "c-1", 5)


def test_a_record_of_a_newer_version_is_refused_with_the_fix() -> None:
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(CustomerRecord(VERSION, "c-1", 5)))

    with pytest.raises(Unreadable, match=f"version {VERSION + 1}; this program reads up to version {VERSION}"):
        decode_record(msgspec.msgpack.encode([VERSION + 1, *plain[1:]]))


def test_a_version_that_nobody_can_upgrade_is_refused() -> None:
    with pytest.raises(Unreadable, match="version 0 cannot be brought"):
        decode_record(msgspec.msgpack.encode([0, "c-1"]))


@pytest.mark.parametrize("body", [b"", b"\xc1", b"not a record", msgspec.msgpack.encode({"id": "c-1"})])
def test_other_bytes_are_refused_as_no_record(body: bytes) -> None:
    with pytest.raises(Unreadable, match="no customer record"):
        decode_record(body)


def test_other_bytes_are_refused_as_no_order_book() -> None:
    with pytest.raises(Unreadable, match="no order book"):
        decode_orders(msgspec.msgpack.encode([ORDERS_VERSION, "no list"]))


def test_a_record_of_version_1_is_read_with_shorter_keys_of_what_was_given_out() -> None:
    key = bytes(range(16))
    known = CustomerRecord(VERSION, "c-1", 5, sent=[Sent(short_key(key), 7, 9, "email", "service", 2)])
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(known))
    plain[0], plain[CustomerRecord.__struct_fields__.index("sent")][0][0] = 1, key[:8]

    assert decode_record(msgspec.msgpack.encode(plain)) == known


def test_steps_lead_from_version_to_version() -> None:
    def first(plain: list[Any]) -> list[Any]:
        return [1, *plain[1:], "new in 1"]

    def second(plain: list[Any]) -> list[Any]:
        return [2, *reversed(plain[1:])]

    assert upgraded([0, "a"], 2, {0: first, 1: second}) == [2, "new in 1", "a"]
    assert upgraded([2, "a"], 2, {}) == [2, "a"]
