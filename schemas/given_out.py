"""What was given out to a customer, and what is held: what caps, cooldowns and receipts need."""

from __future__ import annotations

from schemas.record_part import RecordPart
from schemas.times import Millis

MAX_COUPONS = 6
MAX_SENT = 12
MAX_SPENT = 24
MAX_HELD = 6
MAX_LAST_FIRED = 24


class Coupon(RecordPart):
    """A coupon the customer holds from us. Beyond ``MAX_COUPONS`` the one that expires first is forgotten."""

    code: str
    rule: int
    """32-bit hash of the rule."""
    expires: Millis
    percent: int = 0
    amount: int = 0
    redeemed: bool = False


class Sent(RecordPart):
    """An action given out lately: what caps, cooldowns and receipts need. The oldest makes room."""

    id: bytes
    """The action's short key (``schemas.ids``)."""
    rule: int
    at: Millis
    channel: str
    purpose: str
    state: int = 0
    """0 given out, 1 accepted, 2 delivered, 3 opened, 4 clicked, 5 redeemed, 9 failed."""


class Held(RecordPart):
    """An action that a limit holds; decided again at ``release``."""

    id: bytes
    """16 bytes of the action id."""
    rule: str
    occasion: str
    index: int
    release: Millis
    expires: Millis
    proposed: Millis
    reason: str
    values: dict[str, str | int | float | bool] = {}
    """Facts of the event that proposed it, for the text."""
