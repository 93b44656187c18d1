"""Orders in numbers: what was bought in all, and per four-week bucket of the last year."""

from __future__ import annotations

from typing import NamedTuple

from schemas.readings import BUCKET, BUCKETS
from schemas.record import Purchases
from schemas.times import Millis, earliest


class Share(NamedTuple):
    """What one order adds to its customer's numbers, as it stands. An order that was not placed adds nothing, and one
    that replaces another's goods counts as no order."""

    orders: int = 0
    cancelled: int = 0
    returned: int = 0
    delivered: int = 0
    late: int = 0
    placed: Millis = 0
    spent: int = 0
    """Paid and kept, in the customer's currency."""


def add_difference(purchases: Purchases, before: Share, after: Share) -> None:
    """Change the numbers by what an order adds now and did not before."""
    purchases.count += after.orders - before.orders
    purchases.cancelled += after.cancelled - before.cancelled
    purchases.returned += after.returned - before.returned
    purchases.delivered += after.delivered - before.delivered
    purchases.late += after.late - before.late
    purchases.spent += after.spent - before.spent
    if before.placed:
        _into_bucket(purchases, before.placed, before.cancelled - before.orders, -before.spent)
    if after.placed:
        _into_bucket(purchases, after.placed, after.orders - after.cancelled, after.spent)


def joined(mine: Purchases, other: Purchases) -> Purchases:
    """Numbers add up; money in another currency is counted, not summed."""
    own = not (mine.currency and other.currency) or mine.currency == other.currency
    head = mine if mine.bucket >= other.bucket else other
    joint = Purchases(
        count=mine.count + other.count,
        cancelled=mine.cancelled + other.cancelled,
        returned=mine.returned + other.returned,
        spent=mine.spent + (other.spent if own else 0),
        currency=mine.currency or other.currency,
        first=earliest(mine.first, other.first),
        last=max(mine.last, other.last),
        late=mine.late + other.late,
        delivered=mine.delivered + other.delivered,
        foreign=mine.foreign + (other.foreign if own else other.count),
        bucket=head.bucket,
    )
    counts, amounts = _aligned(mine, head.bucket), _aligned(other, head.bucket)
    length = max(len(counts[0]), len(amounts[0]))
    joint.counts = _sums(counts[0], amounts[0], length)
    joint.amounts = _sums(counts[1], amounts[1] if own else [], length)
    return joint


def _into_bucket(purchases: Purchases, at: Millis, count: int, amount: int) -> None:
    """Buckets start with the newest; those of quiet periods are zero; what is older than a year is dropped."""
    bucket = at // BUCKET
    ahead = bucket - purchases.bucket if purchases.counts else 1
    if ahead > 0:
        fresh = [0] * min(ahead, BUCKETS)
        purchases.bucket = bucket
        purchases.counts = (fresh + purchases.counts)[:BUCKETS]
        purchases.amounts = (fresh + purchases.amounts)[:BUCKETS]
    back = purchases.bucket - bucket
    if back >= BUCKETS:
        return
    missing = [0] * (back + 1 - len(purchases.counts))
    purchases.counts = purchases.counts + missing if missing else purchases.counts
    purchases.amounts = purchases.amounts + missing if missing else purchases.amounts
    purchases.counts[back] += count
    purchases.amounts[back] += amount
    if not purchases.counts[back]:
        _trim(purchases)


def _trim(purchases: Purchases) -> None:
    """Without empty buckets at either end, which say nothing but that an order has moved or gone."""
    full = [place for place, both in enumerate(zip(purchases.counts, purchases.amounts, strict=True)) if any(both)]
    first, end = (full[0], full[-1] + 1) if full else (0, 0)
    purchases.bucket = purchases.bucket - first if full else 0
    purchases.counts, purchases.amounts = purchases.counts[first:end], purchases.amounts[first:end]


def _aligned(numbers: Purchases, bucket: int) -> tuple[list[int], list[int]]:
    """Counts and amounts as they stand in the bucket, newest first."""
    if not numbers.counts:
        return [], []
    empty = [0] * min(bucket - numbers.bucket, BUCKETS)
    return (empty + numbers.counts)[:BUCKETS], (empty + numbers.amounts)[:BUCKETS]


def _sums(one: list[int], two: list[int], length: int) -> list[int]:
    return [sum(values[place] for values in (one, two) if place < len(values)) for place in range(length)]
