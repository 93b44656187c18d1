"""Every field of an event has a reader in the core, or stands here with the reason why it has none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, get_args

from schemas.event import Event
from schemas.events import AnyEvent

ROOT: Final = Path(__file__).parents[2]
CORE: Final = ("streams", "rules")
UNREAD: Final = {
    "receipt.redeemed.campaign": "of campaigns that are not ours: for people who evaluate them",
    "receipt.redeemed.discount": "what a coupon cost: rollups add it up",
    "order.dispatched.carrier": "for people who look for the parcel",
    "refund.paid.method": "for people who answer where the money went",
    "callback.completed.note": "what was said stands in the history that people read, and decides nothing",
    "search.performed.query": "personal, and of use for a catalogue only; the number of results is what decides",
    "complaint.resolved.resolution": "how it was settled is for people; that it was is what decides",
}


def unread() -> set[str]:
    """Fields that nothing in the core names."""
    told = "".join(path.read_text(encoding="utf-8") for room in CORE for path in (ROOT / room).rglob("*.py"))
    return {
        f"{kind.model_fields['type'].default}.{field}"
        for kind in get_args(AnyEvent)
        for field in kind.model_fields.keys() - Event.model_fields.keys() - {"type"}
        if not re.search(rf'\bevent\.{field}\b|"{field}"', told)
    }


def test_every_field_has_a_reader_or_a_reason() -> None:
    assert unread() - UNREAD.keys() == set(), "read it where something follows from it, or give the reason here"


def test_no_reason_is_given_for_what_is_read() -> None:
    assert UNREAD.keys() - unread() == set()
