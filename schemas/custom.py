"""A store's own events and attributes: named and typed by its rulebook, carried by one contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.event import Event
from schemas.fields import Label
from schemas.personal import LIFE, WORDS

OwnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$"), LIFE]
"""Of an event, field or attribute, as the rulebook declares it."""
OwnText = Annotated[str, StringConstraints(max_length=200), WORDS]
OwnValue = OwnText | int | float | bool


class CustomHappened(Event):
    """Something of the store's own happened; the rulebook declares it under ``events:``, with its fields and types."""

    type: Literal["custom.happened"] = "custom.happened"
    name: OwnName
    """What happened, as declared: ``circle_joined``. Rules are triggered by this name."""
    fields: Annotated[dict[Label, OwnValue], Field(max_length=20)] = Field(default_factory=dict)
    """Only fields that are declared, each of its type."""
