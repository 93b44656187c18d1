"""What every event carries."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.fields import ActorText, CustomerId, EventId, Label, Moment
from schemas.times import Millis, to_millis


class Contract(BaseModel):
    """A published shape: immutable, strict about types, and without unknown fields.

    Unknown fields are refused rather than dropped: a misspelt optional field would otherwise be lost in silence,
    while a dead letter can be sent again after the mend.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Event(Contract):
    """Something that happened to one customer at one moment."""

    id: EventId
    """Unique per event; the same event sent again keeps it, and changes nothing."""
    version: Literal[1] = 1
    """Version of this contract."""
    customer: CustomerId
    """The store's own id of the customer; also the key of the record."""
    time: Moment
    """When it happened: RFC 3339, with its offset."""
    simulated: bool = False
    """True where the event was invented around real data."""
    actor: ActorText | None = None
    """Who caused it: ``customer``, ``staff:mei`` or ``system:import``. Doors write it; what a message claims does not
    count there."""
    source: Label | None = None
    """The door it came in by, and the system behind it: ``console``, ``import:orders``, ``shopify``."""

    left_out: ClassVar[tuple[str, ...]] = ()
    """Optional fields that were told wrongly, and are taken as not told."""

    @cached_property
    def at(self) -> Millis:
        """The event's own time, in milliseconds since the epoch."""
        return to_millis(self.time)
