"""The facts that rules may use: one table, from which checker, documentation and evaluation are derived."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from rules.context import EventContext
from rules.fact_types import FactValue
from rules.facts.customer import CUSTOMER
from rules.facts.days import DAYS
from rules.facts.fact import Fact
from rules.facts.history import HISTORY
from rules.facts.moment import MOMENT_FACTS
from rules.facts.own import own_facts
from rules.facts.profile import nothing_known, of_profile

FACTS: dict[str, Fact] = {fact.name: fact for fact in (*CUSTOMER, *HISTORY, *MOMENT_FACTS, *DAYS)}
"""All facts by name, in the order of the documentation."""

__all__ = ["FACTS", "Fact", "FactReader", "Unprofiled", "asking", "known_facts"]

_OWN: ContextVar[Mapping[str, Fact]] = ContextVar("own_facts", default=MappingProxyType({}))


def known_facts() -> Mapping[str, Fact]:
    """The facts that may be asked: all built-in ones, and within ``asking`` a store's own."""
    own = _OWN.get()
    return ChainMap(dict(own), FACTS) if own else FACTS


@contextmanager
def asking(own: Mapping[str, Fact]) -> Iterator[None]:
    """Within it expressions and texts may ask these facts too: while a rulebook that declares them is read."""
    token = _OWN.set(own)
    try:
        yield
    finally:
        _OWN.reset(token)


class FactReader:
    """Reads the facts of one context, each at most once."""

    def __init__(self, context: EventContext) -> None:
        self.context = context
        self._known: dict[str, FactValue] = {}

    def __getitem__(self, name: str) -> FactValue:
        known = self._known
        if name not in known:
            fact = FACTS.get(name) or own_facts(self.context.rulebook.own)[name]
            known[name] = fact.value(self.context)
        return known[name]

    def fact(self, name: str) -> Fact:
        """What is declared of a fact: built in, or by the rulebook in force.

        Raises:
            KeyError: nobody declares it.
        """
        return FACTS[name] if name in FACTS else own_facts(self.context.rulebook.own)[name]

    def unprofiled(self) -> Unprofiled:
        """The same, of whose profile nothing is known."""
        return Unprofiled(self)

    def all(self, names: Iterable[str]) -> dict[str, FactValue]:
        """These facts with their values."""
        return {name: self[name] for name in names}


class Unprofiled:
    """What is left to decide on of a customer who objects to being profiled."""

    def __init__(self, reader: FactReader) -> None:
        self._reader = reader

    def __getitem__(self, name: str) -> FactValue:
        fact = self._reader.fact(name)
        return nothing_known(fact) if of_profile(fact) else self._reader[name]
