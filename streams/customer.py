"""A customer as the core holds one: decoded, and changed in place."""

from __future__ import annotations

import msgspec

from schemas.record import CustomerRecord, OrderBook


class Customer(msgspec.Struct):
    """What is kept of one customer. Both parts are changed in place."""

    record: CustomerRecord
    orders: OrderBook | None = None
    """Loaded only where ``needs_orders`` asks for it, and for the timers that are due."""
