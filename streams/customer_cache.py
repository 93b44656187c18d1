"""The customers that a lane handled last, still decoded.

Whether a customer is taken from here or decoded again shows in no result: the cache gives one only where the store
holds, to the byte, what was written last. A refused commit, another owner or a store rolled back need no care here.
"""

from __future__ import annotations

from streams.customer import Customer

MOST = 2_000
"""Customers of one lane; of a shop with more, those who are in the store at the moment."""


class CustomerCache:
    """The customers of one lane that were looked after last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[str, tuple[bytes, bytes | None, Customer]] = {}

    def take(self, who: str, record: bytes, orders: bytes | None) -> Customer | None:
        """The customer, if the stored record is what was written last; with the order book, if that is so too."""
        was_record, was_orders, customer = self._kept.pop(who, (b"", None, None))
        if customer is None or was_record != record:
            return None
        if was_orders != orders:
            customer.orders = None
        return customer

    def keep(self, who: str, record: bytes, orders: bytes | None, customer: Customer) -> None:
        """Keep the customer as written now; the one not used for longest makes room."""
        self._kept[who] = (record, orders, customer)
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
