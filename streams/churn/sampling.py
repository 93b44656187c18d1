"""At most so many lessons of an epoch, however many come: memory does not grow with the number of customers.

The lessons with the smallest hashes are kept, so that the sample does not depend on the order in which they came.
Each then stands for as many as came per lesson kept, so that no weight is lost or won on average.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.churn import Days, Lesson
from schemas.ids import hash64
from streams.churn.questions import due

SLACK = 2
"""So many times the cap are held before those that cannot be kept are dropped: sorting seldom is cheap."""


class Sample:
    """The lessons of an epoch as they come, at most ``cap`` of them for each horizon in the end."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._held: dict[Days, list[Lesson]] = {}
        self._came: dict[Days, int] = {}

    @property
    def came(self) -> int:
        """How many lessons were added."""
        return sum(self._came.values())

    @property
    def held(self) -> int:
        """How many are in memory: at most ``SLACK`` times the cap for each horizon."""
        return sum(len(lessons) for lessons in self._held.values())

    def add(self, lessons: Iterable[Lesson]) -> None:
        """Take in lessons, each of which must come once."""
        for lesson in lessons:
            held = self._held.setdefault(lesson.horizon, [])
            held.append(lesson)
            self._came[lesson.horizon] = self._came.get(lesson.horizon, 0) + 1
            if len(held) >= SLACK * self._cap:
                self._held[lesson.horizon] = self._smallest(held)

    def of(self, horizon: Days) -> list[tuple[Lesson, float]]:
        """The lessons to learn from, in the order of their outcomes, and how many each stands for."""
        held, came = self._held.get(horizon, []), self._came.get(horizon, 0)
        kept = held if len(held) <= self._cap else self._smallest(held)
        return [(lesson, came / len(kept)) for lesson in sorted(kept, key=_settled)]

    def _smallest(self, lessons: list[Lesson]) -> list[Lesson]:
        return sorted(lessons, key=_draw)[: self._cap]


def _settled(lesson: Lesson) -> tuple[int, str, int]:
    return due(lesson), lesson.customer, lesson.part


def _draw(lesson: Lesson) -> tuple[int, str, int, int]:
    """The draw hangs on the customer and the moment alone, so that both parts of a question share their fate."""
    return hash64("cap", lesson.customer, str(lesson.asked_at)), lesson.customer, lesson.asked_at, lesson.part
