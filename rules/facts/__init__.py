"""The facts that rules may use: one table, from which checker, documentation and evaluation are derived."""

from __future__ import annotations

from collections.abc import Iterable

from rules.context import EventContext
from rules.fact_types import FactValue
from rules.facts.customer import CUSTOMER
from rules.facts.fact import Fact
from rules.facts.history import HISTORY
from rules.facts.moment import MOMENT_FACTS

FACTS: dict[str, Fact] = {fact.name: fact for fact in (*CUSTOMER, *HISTORY, *MOMENT_FACTS)}
"""All facts by name, in the order of the documentation."""

__all__ = ["FACTS", "Fact", "FactReader"]


class FactReader:
    """Reads the facts of one context, each at most once."""

    def __init__(self, context: EventContext) -> None:
        self.context = context
        self._known: dict[str, FactValue] = {}

    def __getitem__(self, name: str) -> FactValue:
        known = self._known
        if name not in known:
            known[name] = FACTS[name].value(self.context)
        return known[name]

    def all(self, names: Iterable[str]) -> dict[str, FactValue]:
        """These facts with their values."""
        return {name: self[name] for name in names}
