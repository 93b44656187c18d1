"""Customers in hand need no decoding, and show in no result."""

from __future__ import annotations

from schemas.order_book import OrderBook
from schemas.record import CustomerRecord
from streams.customer import Customer
from streams.customer_cache import CustomerCache


def somebody(who: str = "c-1") -> Customer:
    """A customer with an order book."""
    return Customer(CustomerRecord(1, who, 0), OrderBook())


def test_who_is_as_they_were_left_is_taken_once() -> None:
    cache, customer = CustomerCache(), somebody()
    cache.keep("c-1", b"record", b"orders", customer)

    assert cache.take("c-1", b"record", b"orders") is customer
    assert cache.take("c-1", b"record", b"orders") is None


def test_whose_record_is_another_one_is_left() -> None:
    cache = CustomerCache()
    cache.keep("c-1", b"record", None, somebody())

    assert cache.take("c-1", b"another", None) is None


def test_whose_order_book_is_another_one_is_taken_without_it() -> None:
    cache = CustomerCache()
    cache.keep("c-1", b"record", b"orders", somebody())

    taken = cache.take("c-1", b"record", b"others")

    assert taken is not None
    assert taken.orders is None


def test_who_was_not_looked_after_for_longest_makes_room() -> None:
    cache = CustomerCache(most=2)
    for who in ("a", "b", "c"):
        cache.keep(who, b"record", None, somebody(who))

    assert cache.take("a", b"record", None) is None
    assert cache.take("b", b"record", None) is not None
