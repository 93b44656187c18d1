"""How much each key, or each visitor of the public pages, may do: a bucket that fills steadily."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MOST_NAMES: Final = 10_000


class Throttle:
    """Buckets by name.

    Args:
        per_second: how fast each fills.
        burst: how much each holds.
        clock: seconds, steadily rising.
    """

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float]) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str, cost: float = 1) -> float:
        """Seconds until this may be done; 0 takes it from the bucket."""
        now = self._clock()
        left, at = self._buckets.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        wanted = min(cost, self._burst)
        allowed = left >= wanted
        self._buckets[name] = (left - wanted if allowed else left, now)
        if len(self._buckets) > _MOST_NAMES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (wanted - left) / self._per_second
