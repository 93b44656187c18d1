"""Where a customer stands: recency, frequency and money, and what follows from them."""

from __future__ import annotations

from rules.defaults import Defaults
from schemas.readings import last_year
from schemas.record import Purchases, Segment
from schemas.times import DAY, Millis


def segment(segment: Segment, purchases: Purchases, defaults: Defaults, now: Millis, *, taken_back: Millis = 0) -> None:
    """Tell tier, value and activity anew, in place.

    Args:
        taken_back: when an order was placed that was cancelled or came back just now.
    """
    orders, spent = last_year(purchases, now)
    days = (now - purchases.last) // DAY if purchases.count > purchases.cancelled else None
    segment.value = defaults.segments.value(spent)
    segment.activity = defaults.segments.activity(days)
    if days is None:
        segment.rfm, deserved = 0, defaults.tiers[0].name
    else:
        scores = (defaults.rfm.recency(days), defaults.rfm.frequency(orders), defaults.rfm.monetary(spent))
        segment.rfm = scores[0] * 100 + scores[1] * 10 + scores[2]
        deserved = defaults.tier(sum(scores))
    _move_tier(segment, deserved, defaults, now // DAY, taken_back // DAY)


def _move_tier(segment: Segment, deserved: str, defaults: Defaults, today: int, taken_back: int) -> None:
    """Rise and fall with patience; what an order gave that was taken back goes at once."""
    here = defaults.rank(segment.tier)
    if segment.tier == deserved or not here:
        segment.tier, segment.tier_turn = deserved, 0
        return
    rises = defaults.rank(deserved) > here
    if segment.tier_turn == 0 or (segment.tier_turn > 0) != rises:
        segment.tier_turn = today if rises else -today
    moves = defaults.tier_moves
    patience = moves.qualify_days if rises else moves.grace_days
    ready = today - abs(segment.tier_turn) >= patience and today - segment.tier_since >= moves.stay_days
    given_by_it = not rises and 0 < taken_back <= segment.tier_since
    if ready or given_by_it:
        segment.tier, segment.tier_since, segment.tier_turn = deserved, today, 0
