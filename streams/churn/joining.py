"""What the model knows of two lives that turn out to be one."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.churn import PurchaseFeatures, Signals
from schemas.times import DAY, Millis
from streams.churn.purchase_features import decay, remember_order

Placed = Sequence[tuple[Millis, int]]
"""Moment and amount of each order that is known, in the order of time."""


def joined_features(
    mine: PurchaseFeatures, my_orders: Placed, other: PurchaseFeatures, others: Placed
) -> PurchaseFeatures:
    """That of one life with the orders and signals of both; exact where all orders are known one by one.

    Else the longer life keeps its sums, and the orders of the other come to it as late ones do.
    """
    if len(my_orders) >= mine.orders and len(others) >= other.orders:
        joint = PurchaseFeatures()
        for at, amount in sorted([*my_orders, *others]):
            remember_order(joint, at, amount)
    else:
        joint, added = (mine, others) if mine.orders >= other.orders else (other, my_orders)
        for at, amount in added:
            remember_order(joint, at, amount)
    joint.counted = (mine if mine.last >= other.last else other).counted
    joint.signals = _joined_signals(mine.signals, other.signals)
    return joint


def _joined_signals(mine: Signals | None, other: Signals | None) -> Signals | None:
    if mine is None or other is None:
        return mine or other
    day = max(mine.day, other.day)
    for one in (mine, other):
        decay(one, day * DAY)
    sums = {name: getattr(mine, name) + getattr(other, name) for name in Signals.__struct_fields__ if name != "day"}
    return Signals(day, **sums)
