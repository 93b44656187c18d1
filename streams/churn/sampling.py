"""At most so many examples of an epoch, however many come: memory does not grow with the number of customers.

The examples with the smallest hashes are kept, so that the sample does not depend on the order in which they came.
Each then stands for as many as came per example kept, so that no weight is lost or won on average.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.churn import Days, LabelledExample
from schemas.ids import hash64
from schemas.times import Millis
from streams.churn.pending_labels import due

_Prediction = tuple[str, Millis, int]
SLACK = 2
"""This many times the cap are held before those that cannot be kept are dropped: sorting seldom is cheap."""


class Sample:
    """The examples of an epoch as they come, at most ``cap`` of them for each horizon in the end."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._held: dict[Days, dict[_Prediction, LabelledExample]] = {}
        self._came: dict[Days, int] = {}

    @property
    def came(self) -> int:
        """How many examples were added."""
        return sum(self._came.values())

    @property
    def held(self) -> int:
        """How many are in memory: at most ``SLACK`` times the cap for each horizon."""
        return sum(len(examples) for examples in self._held.values())

    def add(self, examples: Iterable[LabelledExample]) -> None:
        """Take in examples. One that comes again, as after a store forgot its last moments, counts once while held."""
        for example in examples:
            held = self._held.setdefault(example.horizon, {})
            if (prediction := _prediction(example)) in held:
                continue
            held[prediction] = example
            self._came[example.horizon] = self._came.get(example.horizon, 0) + 1
            if len(held) >= SLACK * self._cap:
                self._held[example.horizon] = {_prediction(one): one for one in self._smallest(held.values())}

    def of(self, horizon: Days) -> list[tuple[LabelledExample, float]]:
        """The examples to learn from, in the order of their outcomes, and how many each stands for."""
        held, came = list(self._held.get(horizon, {}).values()), self._came.get(horizon, 0)
        kept = held if len(held) <= self._cap else self._smallest(held)
        return [(example, came / len(kept)) for example in sorted(kept, key=_settled)]

    def _smallest(self, examples: Iterable[LabelledExample]) -> list[LabelledExample]:
        return sorted(examples, key=_draw)[: self._cap]


def _prediction(example: LabelledExample) -> _Prediction:
    return example.customer, example.predicted_at, example.part


def _settled(example: LabelledExample) -> tuple[int, str, int]:
    return due(example), example.customer, example.part


def _draw(example: LabelledExample) -> tuple[int, str, int, int]:
    """The draw hangs on the customer and the moment alone, so that both parts of a prediction share their fate."""
    return (
        hash64("cap", example.customer, str(example.predicted_at)),
        example.customer,
        example.predicted_at,
        example.part,
    )
