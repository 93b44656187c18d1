"""Rules propose, limits dispose."""

from __future__ import annotations

from rules.scene import Scene
from schemas.outcome import Outcome


def decide(scene: Scene, outcome: Outcome) -> None:
    """What the rules make of a trigger: actions, decisions and notes, appended to ``outcome``.

    Changes of the record ``held``, ``sent``, ``spent``, ``fired``, ``coupons`` and the wait for RELEASE only.
    """


def release(scene: Scene, outcome: Outcome) -> None:
    """Decide again what was held until now."""
