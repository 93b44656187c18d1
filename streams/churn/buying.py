"""Remember what a customer does, in a record that stays small however much she does."""

from __future__ import annotations

from math import exp, log

from schemas.churn import Buying, Signals
from schemas.times import DAY, SECOND, Millis

SPANS = (7.0, 30.0, 90.0, 365.0)
"""Time constants of the decayed order counts, in days: from this week to this year."""
RECENT = 8
"""How many of her last orders are remembered one by one."""
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


def last_order(buying: Buying) -> Millis:
    """Her last order, to the second."""
    return buying.recent[-1] * SECOND


def remember_order(buying: Buying, at: Millis, amount_minor: int) -> None:
    """Add an order to the record, in place. ``at`` is never earlier than what the record has seen."""
    seconds = at // SECOND
    size = log(1.0 + max(amount_minor, 0))
    if buying.orders == 0:
        buying.first, buying.counts = at, [0.0] * len(SPANS)
    else:
        gap = max(seconds - buying.recent[-1], 0) * SECOND
        length = log_gap(gap)
        buying.gaps += length
        buying.gaps_squared += length * length
        _count_length(buying.lengths, int(place(length)))
        buying.counts = [1.0 + c * exp(-gap / DAY / span) for c, span in zip(buying.counts, SPANS, strict=True)]
    buying.orders += 1
    buying.amounts += size
    buying.amount = size
    buying.recent = [*buying.recent[1 - RECENT :], seconds]


def _count_length(lengths: list[int], b: int) -> None:
    lengths.extend([0] * (b + 1 - len(lengths)))
    lengths[b] += 1


def remember_signal(buying: Buying, kind: str, at: Millis, value: float = 1.0) -> None:
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
    signals = buying.signals or Signals(at=at)
    decay(signals, at)
    change(signals, value)
    buying.signals = signals


def decay(signals: Signals, at: Millis) -> None:
    """Bring the sums to ``at``, in place; an earlier moment changes nothing."""
    days = (at - signals.at) / DAY
    if days <= 0.0:
        return
    signals.at = at
    week, season = exp(-days / WEEKLY), exp(-days / SEASONAL)
    quarter, half = exp(-days / QUARTERLY), exp(-days / HALF_YEARLY)
    signals.visits_week *= week
    signals.visits_season *= season
    signals.late *= quarter
    signals.complaints *= quarter
    signals.returns *= quarter
    signals.satisfaction *= half
    signals.ratings *= half


def _visited(signals: Signals, value: float) -> None:
    signals.visits_week += value
    signals.visits_season += value


def _complained(signals: Signals, value: float) -> None:
    signals.complaints += value
    signals.open_complaints += 1


def _resolved(signals: Signals, value: float) -> None:
    signals.open_complaints = max(signals.open_complaints - 1, 0)


def _late(signals: Signals, value: float) -> None:
    signals.late += value


def _rated(signals: Signals, value: float) -> None:
    signals.satisfaction += 2.0 * min(max(value, 0.0), 1.0) - 1.0
    signals.ratings += 1.0


def _returned(signals: Signals, value: float) -> None:
    signals.returns += value


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
