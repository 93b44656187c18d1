"""The bound of a record: where it would grow beyond ``MAX_BYTES``, what matters least is forgotten first.

Every part has a cap of its own, and customers stay far below the sum of all caps. Ids and texts of the greatest
length in every part at once would not fit; then these steps are taken, in this order, as far as needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rules.context import EventContext
from schemas.codec import size_of
from schemas.complaint_list import Complaint
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_BYTES, CustomerRecord

FEW_SENT: Final = 6
FEW_FIRED: Final = 8
FEW_ITEMS: Final = 1


GROWTH: Final = 600
"""Bytes by which a quiet turn lets a record grow at most: an event or timer of which rules leave nothing to remember,
and that tells nothing of who the customer is. Most turns are quiet, and most records so small that they could grow so
much several times."""


def evict(context: EventContext) -> int:
    """Forget until the record fits; how many bytes it may still grow."""
    record = context.record
    while (size := size_of(record)) > MAX_BYTES and any(step(record) for step in STEPS):
        context.count(OutcomeCode.CAP_BYTES)
    return MAX_BYTES - size


def room_after(context: EventContext, room: int, *, quiet: bool) -> int:
    """The same, where there was ``room`` before: a quiet turn is followed by measuring only where it could fill it."""
    return room - GROWTH if quiet and room >= GROWTH else evict(context)


def _last_looks(record: CustomerRecord) -> bool:
    had = bool(record.browsing.sku or record.browsing.category)
    record.browsing.sku = record.browsing.category = ""
    return had


def _closed_complaint(record: CustomerRecord) -> bool:
    return _drop_complaint(record, [one for one in record.complaints.recent if not one.is_open])


def _used_coupon(record: CustomerRecord) -> bool:
    unused = [one for one in record.coupons if not one.redeemed]
    fewer = len(unused) < len(record.coupons)
    record.coupons = unused
    return fewer


def _cart_picture(record: CustomerRecord) -> bool:
    if record.cart is None or record.cart.shown is None:
        return False
    record.cart.shown = None
    return True


def _cart_line(record: CustomerRecord) -> bool:
    cart = record.cart
    if cart is None or len(cart.items) <= FEW_ITEMS:
        return False
    cart.items.pop()
    cart.more += 1
    return True


def _tag(record: CustomerRecord) -> bool:
    return bool(record.profile.tags and record.profile.tags.pop())


def _wish(record: CustomerRecord) -> bool:
    return bool(record.wishes and record.wishes.pop(0))


def _contact(record: CustomerRecord) -> bool:
    return bool(record.talks and record.talks.contacts and record.talks.contacts.pop(0))


def _former_id(record: CustomerRecord) -> bool:
    return len(record.merged) > 1 and bool(record.merged.pop(0))


def _attribute(record: CustomerRecord) -> bool:
    return bool(record.attributes and record.attributes.popitem())


def _old_action(record: CustomerRecord) -> bool:
    return len(record.sent) > FEW_SENT and bool(record.sent.pop(0))


def _old_firing(record: CustomerRecord) -> bool:
    if len(record.fired) <= FEW_FIRED:
        return False
    del record.fired[min(record.fired, key=lambda rule: (record.fired[rule], rule))]
    return True


def _elder_ids(record: CustomerRecord) -> bool:
    for seen in (record.browsed, record.recent):
        if seen.previous:
            seen.previous, seen.forgotten = b"", seen.rotated_at
            return True
    return False


def _open_complaint(record: CustomerRecord) -> bool:
    return _drop_complaint(record, record.complaints.recent)


def _drop_complaint(record: CustomerRecord, some: list[Complaint]) -> bool:
    if not some:
        return False
    goes, complaints = some[0], record.complaints
    complaints.recent = [one for one in complaints.recent if one is not goes]
    complaints.reach = max(complaints.reach, goes.changed)
    return True


STEPS: Final[tuple[Callable[[CustomerRecord], bool], ...]] = (
    _last_looks,
    _closed_complaint,
    _used_coupon,
    _cart_picture,
    _cart_line,
    _wish,
    _contact,
    _former_id,
    _tag,
    _old_action,
    _old_firing,
    _elder_ids,
    _attribute,
    _open_complaint,
)
"""Each forgets one thing, or says that there is none of its kind."""
