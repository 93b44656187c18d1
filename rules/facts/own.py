"""Facts about a store's own attributes and events, as its rulebook declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from rules.context import EventContext
from rules.fact_types import FactType, FactValue
from rules.facts.fact import Fact
from rules.own import Own, OwnField, OwnType
from schemas.custom import CustomHappened

ATTRIBUTE: Final = "attribute"
"""Facts of attributes are called ``attribute.NAME``, those of an event's fields ``EVENT.FIELD``."""
_TYPES: Final[dict[OwnType, tuple[FactType, FactValue, str]]] = {
    "text": (FactType.STRING, "", "empty"),
    "int": (FactType.INT, 0, "0"),
    "double": (FactType.DOUBLE, 0.0, "0.0"),
    "bool": (FactType.BOOL, False, "false"),
}
"""Declared type to that of the fact, and the value where nothing is told."""


@lru_cache(maxsize=16)
def own_facts(own: Own) -> Mapping[str, Fact]:
    """The facts that rules of this rulebook may ask beside the built-in ones."""
    facts = [_fact(ATTRIBUTE, name, one, _kept(name, one)) for name, one in own.attributes.items()]
    for event, declared in own.events.items():
        facts += [_fact(event, name, one, _told_by(event, name, one)) for name, one in declared.fields.items()]
    return {fact.name: fact for fact in facts}


def _fact(family: str, name: str, told: OwnField, read: Callable[[EventContext], FactValue]) -> Fact:
    kind, _, unknown = _TYPES[told.type]
    return Fact(
        f"{family}.{name}", kind, told.type, told.about, read, unknown=unknown, frozen=family != ATTRIBUTE,
        personal=told.personal, optional=told.type == "text",
    )  # fmt: skip


def _kept(name: str, told: OwnField) -> Callable[[EventContext], FactValue]:
    nothing = _TYPES[told.type][1]

    def read(context: EventContext) -> FactValue:
        value = context.record.attributes.get(name)
        # What was kept under an earlier declaration is of no use when it is of another type.
        return nothing if value is None or not told.takes(value) else _as(told, value)

    return read


def _told_by(event: str, name: str, told: OwnField) -> Callable[[EventContext], FactValue]:
    nothing = _TYPES[told.type][1]

    def read(context: EventContext) -> FactValue:
        one = context.event
        if not isinstance(one, CustomHappened) or one.name != event or name not in one.fields:
            return nothing
        return _as(told, one.fields[name])

    return read


def _as(told: OwnField, value: str | int | float | bool) -> FactValue:
    return float(value) if told.type == "double" else value
