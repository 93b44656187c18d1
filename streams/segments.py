"""Where a customer stands: recency, frequency and money, and what follows from them."""

from __future__ import annotations

from rules.defaults import Defaults
from schemas.readings import last_year
from schemas.record import Purchases, Segment
from schemas.times import DAY, Millis


def segment(segment: Segment, purchases: Purchases, defaults: Defaults, now: Millis) -> None:
    """Tell tier, value and activity anew, in place."""
    orders, spent = last_year(purchases, now)
    days = (now - purchases.last) // DAY if purchases.count > purchases.cancelled else None
    segment.value = defaults.segments.value(spent)
    segment.activity = defaults.segments.activity(days)
    if days is None:
        segment.rfm, segment.tier = 0, defaults.tiers[0].name
        return
    scores = (defaults.rfm.recency(days), defaults.rfm.frequency(orders), defaults.rfm.monetary(spent))
    segment.rfm = scores[0] * 100 + scores[1] * 10 + scores[2]
    segment.tier = defaults.tier(sum(scores))
