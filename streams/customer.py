"""A customer as the core holds one: decoded, and changed in place."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rules.rulebook import Rulebook
from schemas.almanac import Almanac
from schemas.churn import Score
from schemas.order_book import OrderBook
from schemas.record import CustomerRecord
from schemas.times import Millis


class Foreseen(NamedTuple):
    """The scores of a moment, by horizon."""

    at: Millis
    scores: list[Score]


class Customer(msgspec.Struct):
    """What is kept of one customer. Both parts are changed in place."""

    record: CustomerRecord
    orders: OrderBook | None = None
    """Loaded only where ``needs_orders`` asks for it, and for the timers that are due."""
    room: int = 0
    """Bytes by which the record may surely grow; see ``streams.record_eviction``."""
    foreseen: Foreseen | None = None
    """How the weekly look that comes next is scored, where that was reckoned ahead: see ``pipeline.foresee``."""
    stock_by: tuple[Rulebook, Almanac] | None = None
    """By which rules and scores stock was taken last, where that is known: it is not stored, and shows in no result."""
