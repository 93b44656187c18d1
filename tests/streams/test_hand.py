"""Customers in hand need no decoding, and show in no result."""

from __future__ import annotations

from schemas.record import CustomerRecord, OrderBook
from streams.hand import Hand
from streams.turn import Customer


def somebody(who: str = "c-1") -> Customer:
    """A customer with an order book."""
    return Customer(CustomerRecord(1, who, 0), OrderBook())


def test_who_is_as_she_was_left_is_taken_once() -> None:
    hand, customer = Hand(), somebody()
    hand.keep("c-1", b"record", b"orders", customer)

    assert hand.take("c-1", b"record", b"orders") is customer
    assert hand.take("c-1", b"record", b"orders") is None


def test_whose_record_is_another_one_is_left() -> None:
    hand = Hand()
    hand.keep("c-1", b"record", None, somebody())

    assert hand.take("c-1", b"another", None) is None


def test_whose_order_book_is_another_one_is_taken_without_it() -> None:
    hand = Hand()
    hand.keep("c-1", b"record", b"orders", somebody())

    taken = hand.take("c-1", b"record", b"others")

    assert taken is not None
    assert taken.orders is None


def test_who_was_not_looked_after_for_longest_makes_room() -> None:
    hand = Hand(most=2)
    for who in ("a", "b", "c"):
        hand.keep(who, b"record", None, somebody(who))

    assert hand.take("a", b"record", None) is None
    assert hand.take("b", b"record", None) is not None
