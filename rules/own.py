"""A store's own events and attributes, declared in files of the rulebook: what they are called and of which types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from annotated_types import Len
from pydantic import Field

from rules.defaults.section import Section
from schemas.custom import CustomHappened, OwnName, OwnValue

OwnType = Literal["text", "int", "double", "bool"]
_TAKES: Final[Mapping[OwnType, tuple[type, ...]]] = {
    "text": (str,),
    "int": (int,),
    "double": (float, int),
    "bool": (bool,),
}


class OwnField(Section):
    """A field of an event, or an attribute of customers."""

    type: OwnType
    """``text``, ``int``, ``double`` or ``bool``."""
    about: Annotated[str, Field(min_length=1, max_length=200)]
    """What it means; ``tend rules facts`` shows it."""
    personal: bool = False
    """Whether it must stand in no message and not in the ledger."""

    def takes(self, value: OwnValue) -> bool:
        """Whether it is a value of this type; true is no number."""
        return isinstance(value, _TAKES[self.type]) and (self.type == "bool") == isinstance(value, bool)


class OwnEvent(Section):
    """An event of the store's own."""

    about: Annotated[str, Field(min_length=1, max_length=200)]
    """What has happened when it comes."""
    fields: Annotated[dict[OwnName, OwnField], Len(0, 20)] = Field(default_factory=dict)
    """What it tells."""


OwnEvents = Annotated[dict[OwnName, OwnEvent], Len(0, 60)]
OwnAttributes = Annotated[dict[OwnName, OwnField], Len(0, 60)]


class NotDeclared(ValueError):
    """An event or attribute of the store's own that the rulebook does not declare so; the message holds no value."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, eq=False)
class Own:
    """Everything that is declared, by name; each is itself alone, so that what follows from it is kept beside it."""

    events: Mapping[str, OwnEvent] = field(default_factory=dict)
    attributes: Mapping[str, OwnField] = field(default_factory=dict)

    def check_event(self, event: CustomHappened) -> None:
        """Whether it is declared, and its fields are.

        Raises:
            NotDeclared: it is not; the message says what to write into the rulebook.
        """
        declared = self.events.get(event.name)
        if declared is None:
            raise NotDeclared("name", f"no event {event.name!r} is declared: add it to events: of the rulebook")
        self._check("fields", declared.fields, event.fields.items(), f"fields: of event {event.name!r}")

    def check_attributes(self, attributes: Mapping[str, OwnValue | None]) -> None:
        """The same for attributes of a customer.

        Raises:
            NotDeclared: one is not.
        """
        told = ((name, value) for name, value in attributes.items() if value is not None)
        self._check("attributes", self.attributes, told, "attributes:")

    def _check(
        self, place: str, declared: Mapping[str, OwnField], told: Iterable[tuple[str, OwnValue]], where: str
    ) -> None:
        for name, value in told:
            one = declared.get(name)
            if one is None:
                raise NotDeclared(f"{place}.{name}", f"{name!r} is not declared: add it to {where} in the rulebook")
            if not one.takes(value):
                raise NotDeclared(f"{place}.{name}", f"{name!r} is declared as {one.type}; send one, or change {where}")
