"""The only clock of the engine; everything else is told the time."""

from __future__ import annotations

import time

from schemas.times import Millis


def wall_clock() -> Millis:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
