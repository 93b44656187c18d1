"""Orders in numbers: what was bought in all, and per four-week bucket of the last year."""

from __future__ import annotations

from typing import Protocol

from schemas.readings import BUCKET, BUCKETS
from schemas.record import Purchases
from schemas.times import Millis


class OrderContribution(Protocol):
    """What one order adds."""

    @property
    def placed(self) -> Millis: ...
    @property
    def orders(self) -> int: ...
    @property
    def cancelled(self) -> int: ...
    @property
    def returned(self) -> int: ...
    @property
    def delivered(self) -> int: ...
    @property
    def late(self) -> int: ...
    @property
    def spent(self) -> int: ...


def add_difference(purchases: Purchases, before: OrderContribution, after: OrderContribution) -> None:
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
