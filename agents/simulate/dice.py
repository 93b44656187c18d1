"""Draws that repeat on every machine: SplitMix64 (Steele, Lea, Flood 2014) keyed by a hash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E3779B97F4A7C15


class Dice:
    """A stream of draws from one key. Two keys give unrelated streams, so each visit and order has its own."""

    __slots__ = ("_state",)

    def __init__(self, key: int) -> None:
        self._state = key & _MASK

    def uniform(self) -> float:
        """A number in [0, 1)."""
        self._state = z = (self._state + _GAMMA) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) / 9007199254740992.0

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return self.uniform() < share

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound`` - 1."""
        return int(self.uniform() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def pick(self, of: Sequence[T]) -> T:
        """One of the values, each as likely."""
        return of[int(self.uniform() * len(of))]

    def weighted(self, of: Sequence[tuple[T, float]]) -> T:
        """One of the values by its weight; the weights sum to 1."""
        left = self.uniform()
        for value, weight in of:
            left -= weight
            if left < 0:
                return value
        return of[-1][0]

    def around(self, median: float, factor: float) -> float:
        """A number with this median, from ``median / factor`` to ``median * factor``, triangular in its logarithm."""
        return float(median * factor ** (self.uniform() + self.uniform() - 1.0))

    def count(self, mean: float) -> int:
        """A Poisson number with this mean, by inversion; meant for small means."""
        left = self.uniform()
        number, share = 0, math.exp(-mean)
        while left >= share and number < 50:
            left -= share
            number += 1
            share *= mean / number
        return number
