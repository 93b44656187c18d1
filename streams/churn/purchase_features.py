"""Remember what a customer does, in a record that stays small however much that is."""

from __future__ import annotations

from math import exp, log

from schemas.churn import PurchaseFeatures, Signals
from schemas.times import DAY, SECOND, Millis

SPANS = (7.0, 30.0, 90.0, 365.0)
"""Time constants of the decayed order counts, in days: from this week to this year."""
RECENT = 7
"""How many of the last gaps are remembered one by one."""
GRID = 900
"""Seconds: orders are remembered one by one to a quarter of an hour."""
CENTI, MILLI, SIGNAL = 100, 1_000, 10_000
"""Fixed points of logarithms, of order counts, and of signals: integers that take two or three bytes each."""
BINS = 20
"""Bins of gap length: half octaves of 1 + days, up to two years."""
_HALF_OCTAVES = 2.0 / log(2.0)

WEEKLY, SEASONAL, QUARTERLY, HALF_YEARLY = 7.0, 60.0, 90.0, 180.0


def log_gap(span: Millis) -> float:
    """The logarithm of 1 + a gap in days: below a day, the number of visits says little about a horizon of weeks."""
    return log(span / DAY + 1.0)


def place(length: float) -> float:
    """Where a log gap stands among the bins of length, as a real number."""
    return min(length * _HALF_OCTAVES, BINS - 1e-6)


def days_at(b: float) -> float:
    """The gap in days at a place among the bins: the inverse of ``place``."""
    return exp(b / _HALF_OCTAVES) - 1.0


def last_order(purchases: PurchaseFeatures) -> Millis:
    """The last order, to the second."""
    return purchases.last * SECOND


def first_order(purchases: PurchaseFeatures) -> Millis:
    """The first order, to the second."""
    return purchases.first * SECOND


def remember_order(purchases: PurchaseFeatures, at: Millis, amount_minor: int) -> None:
    """Add an order to the record, in place. One that comes after a later one counts at its own time, without a gap."""
    seconds = at // SECOND
    if purchases.orders == 0:
        purchases.first = purchases.last = seconds
        purchases.counts = [0] * len(SPANS)
    elif seconds < purchases.last:
        _remember_late(purchases, seconds)
    else:
        _remember_gap(purchases, seconds)
    purchases.orders += 1
    amount = round(log(1.0 + max(amount_minor, 0)) * CENTI)
    purchases.log_amounts += amount
    if seconds >= purchases.last:
        purchases.last, purchases.log_amount = seconds, amount


def _remember_late(purchases: PurchaseFeatures, seconds: int) -> None:
    """Which gap it lies in is not known any more; of the decayed counts it has the share that is left."""
    days = (purchases.last - max(seconds, purchases.first)) * SECOND / DAY
    purchases.counts = [
        count + round(MILLI * exp(-days / span)) for count, span in zip(purchases.counts, SPANS, strict=True)
    ]
    purchases.first = min(purchases.first, seconds)


def _remember_gap(purchases: PurchaseFeatures, seconds: int) -> None:
    days = (seconds - purchases.last) * SECOND / DAY
    length = log(days + 1.0)
    steps = round(length * CENTI)
    purchases.log_gaps += steps
    purchases.log_gaps_squared += round(steps * steps / CENTI)
    _count_length(purchases.lengths, int(place(length)))
    counts = zip(purchases.counts, SPANS, strict=True)
    purchases.counts = [MILLI + round(count * exp(-days / span)) for count, span in counts]
    purchases.gaps = [*purchases.gaps[1 - RECENT :], seconds // GRID - purchases.last // GRID]


def _count_length(lengths: list[int], b: int) -> None:
    lengths.extend([0] * (b + 1 - len(lengths)))
    lengths[b] += 1


def remember_signal(purchases: PurchaseFeatures, kind: str, at: Millis, value: float = 1.0) -> None:
    """Add something that is not an order, in place.

    Args:
        kind: visit, cart, complaint_opened, complaint_resolved, late_delivery, satisfaction or return.
        value: for satisfaction the rating from 0 (worst) to 1 (best); else how often it happened.

    Raises:
        ValueError: the kind is unknown.
    """
    change = _CHANGES.get(kind)
    if change is None:
        raise ValueError(f"unknown churn signal {kind!r}; expected one of {', '.join(sorted(_CHANGES))}")
    signals = purchases.signals or Signals(at // DAY)
    decay(signals, at)
    change(signals, value)
    purchases.signals = signals


def decay(signals: Signals, at: Millis) -> None:
    """Bring the sums to the day of ``at``, in place; an earlier one changes nothing."""
    days = at // DAY - signals.day
    if days <= 0:
        return
    signals.day += days
    week, season = exp(-days / WEEKLY), exp(-days / SEASONAL)
    quarter, half = exp(-days / QUARTERLY), exp(-days / HALF_YEARLY)
    signals.visits_week = round(signals.visits_week * week)
    signals.visits_season = round(signals.visits_season * season)
    signals.late = round(signals.late * quarter)
    signals.complaints = round(signals.complaints * quarter)
    signals.returns = round(signals.returns * quarter)
    signals.satisfaction = round(signals.satisfaction * half)
    signals.ratings = round(signals.ratings * half)


def _visited(signals: Signals, value: float) -> None:
    visits = round(value * SIGNAL)
    signals.visits_week += visits
    signals.visits_season += visits


def _complained(signals: Signals, value: float) -> None:
    signals.complaints += round(value * SIGNAL)
    signals.open_complaints += 1


def _resolved(signals: Signals, value: float) -> None:
    signals.open_complaints = max(signals.open_complaints - 1, 0)


def _late(signals: Signals, value: float) -> None:
    signals.late += round(value * SIGNAL)


def _rated(signals: Signals, value: float) -> None:
    signals.satisfaction += round((2.0 * min(max(value, 0.0), 1.0) - 1.0) * SIGNAL)
    signals.ratings += SIGNAL


def _returned(signals: Signals, value: float) -> None:
    signals.returns += round(value * SIGNAL)


_CHANGES = {
    "visit": _visited,
    "cart": _visited,
    "complaint_opened": _complained,
    "complaint_resolved": _resolved,
    "late_delivery": _late,
    "satisfaction": _rated,
    "return": _returned,
}
KINDS = tuple(_CHANGES)
"""The kinds of signal that ``remember_signal`` takes."""
