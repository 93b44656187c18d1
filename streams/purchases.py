"""Orders in numbers: what was bought in all, and per four-week bucket of the last year."""

from __future__ import annotations

from schemas.readings import BUCKET, BUCKETS
from schemas.record import Order, Purchases
from schemas.times import Millis


def count_order(purchases: Purchases, order: Order, at: Millis) -> bool:
    """Count an order placed, applied at ``at``. False where its money is of another currency than the customer's."""
    purchases.currency = purchases.currency or order.currency
    purchases.count += 1
    purchases.first = purchases.first or at
    purchases.last = at
    summed = order.currency == purchases.currency
    purchases.foreign += not summed
    amount = order.amount if summed else 0
    purchases.spent += amount
    _into_bucket(purchases, order.placed, 1, amount)
    return summed


def take_back(purchases: Purchases, order: Order, amount: int, orders: int = 0) -> None:
    """Money (and ``orders``, where it was cancelled) of an order that is not, or no longer, paid."""
    paid = amount if order.currency == purchases.currency else 0
    purchases.spent -= paid
    _into_bucket(purchases, order.placed, -orders, -paid)


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
