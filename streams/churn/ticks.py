"""When those who are silent are scored."""

from __future__ import annotations

from schemas.churn import Tick
from schemas.ids import fraction
from schemas.times import Millis


def next_tick(tick: Tick, customer: str, after: Millis) -> Millis:
    """The first tick of this customer later than ``after``."""
    start = tick.origin + int(fraction("tick", customer) * tick.spread)
    return start + ((after - start) // tick.period + 1) * tick.period
