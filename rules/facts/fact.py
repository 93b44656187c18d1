"""What a fact is: declared once, and the checker, the documentation and the evaluation all read the declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rules.context import EventContext
from rules.defaults import Defaults
from rules.fact_types import FactType, FactValue

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
    kind: FactType
    unit: str
    """Unit, or what the values look like."""
    meaning: str
    read: Callable[[EventContext], FactValue] = field(repr=False)
    unknown: str = ""
    """In words: the value where nothing is known. Empty where it is always known."""
    frozen: bool = False
    """Whether it describes the moment: a held action keeps its value, all others are read again at release."""
    subject: Callable[[EventContext], object] | None = field(default=None, repr=False)
    """What it describes, such as an order: while that is at hand, a frozen fact is read again all the same."""
    personal: bool = False
    """Whether it must not stand in the ledger."""
    optional: bool = False
    """Whether many customers have none: a text must do without it."""
    choices: Callable[[Defaults], tuple[str, ...]] = field(default=_no_choices, repr=False)
    """All values it can have, where they can be listed."""

    def value(self, context: EventContext) -> FactValue:
        """Its value. What the trigger brings along goes before what the record tells."""
        if self.frozen and context.trigger.data and not (self.subject and self.subject(context)):
            given = context.trigger.data.get(self.name, context.trigger.data.get(self.name.removeprefix("trigger.")))
            if given is not None:
                return given
        return self.read(context)
