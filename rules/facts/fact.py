"""What a fact is: declared once, and the checker, the documentation and the evaluation all read the declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rules.defaults import Defaults
from rules.kinds import FactValue, Kind
from rules.scene import Scene

MOMENT = "moment (ms since 1970, UTC)"
DATE = "local date (YYYY-MM-DD)"
MONEY = "minor units"


def _no_choices(defaults: Defaults) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that rules may ask of a customer and a moment.

    A fact always has a value of its kind; ``unknown`` says which one where there is nothing to tell.
    """

    name: str
    kind: Kind
    unit: str
    """Unit, or what the values look like."""
    meaning: str
    read: Callable[[Scene], FactValue] = field(repr=False)
    unknown: str = ""
    """In words: the value where nothing is known. Empty where it is always known."""
    kept: bool = False
    """Whether it speaks of the moment: a held action keeps it, all others are read anew at release."""
    personal: bool = False
    """Whether it must not stand in the ledger."""
    untold: bool = False
    """Whether many customers never tell it: a text must do without."""
    choices: Callable[[Defaults], tuple[str, ...]] = field(default=_no_choices, repr=False)
    """All values it can have, where they can be listed."""

    def value(self, scene: Scene) -> FactValue:
        """Its value. What the trigger brings along goes before what the record tells."""
        if self.kept and scene.trigger.data:
            given = scene.trigger.data.get(self.name, scene.trigger.data.get(self.name.removeprefix("trigger.")))
            if given is not None:
                return given
        return self.read(scene)
