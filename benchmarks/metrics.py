"""What a running service tells of itself, taken twice: what came between."""

from __future__ import annotations

import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from math import inf

from prometheus_client.parser import text_string_to_metric_families

Buckets = dict[float, float]
"""Upper border to the number of values up to it, as Prometheus has it."""


class Taken:
    """A service's metrics at one moment."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._buckets: dict[str, Buckets] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if border := sample.labels.get("le"):
                    self._buckets.setdefault(family.name, {})[float(border)] = sample.value
                else:
                    self._sums[sample.name] += sample.value

    def total(self, name: str) -> float:
        """A gauge, all its labels together."""
        return self._sums[name]

    def since(self, before: Taken, name: str) -> float:
        """How much a counter grew, all its labels together."""
        return self._sums[name] - before._sums[name]

    def buckets(self, before: Taken, name: str) -> Buckets:
        """The values of a histogram without labels that were added since."""
        earlier = before._buckets.get(name, {})
        return {border: count - earlier.get(border, 0.0) for border, count in self._buckets[name].items()}


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """The value below which this share lies, evenly spread within its bucket; infinite beyond the last border."""
    wanted, low, below = share * max(buckets.values()), 0.0, 0.0
    for border, count in sorted(buckets.items()):
        if count >= wanted and count > below:
            return inf if border == inf else low + (border - low) * (wanted - below) / (count - below)
        low, below = border, count
    return inf


def up_to(buckets: Mapping[float, float], border: float) -> float:
    """The share of the values up to a border."""
    return buckets[border] / max(buckets.values())
