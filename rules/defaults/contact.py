"""Numbers about reaching customers: quiet hours, caps, groups, consent; and how much is remembered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rules.defaults.section import Name, Section
from schemas.actions import LocalTime
from schemas.fields import ConsentChannel
from schemas.given_out import MAX_SENT
from schemas.times import DAY, MINUTE, Millis


class Quiet(Section):
    """Local hours in which customers are left alone."""

    earliest: LocalTime
    """Local time from which the customer may be reached."""
    latest: LocalTime
    """Local time from which the customer may not be reached any more."""
    channels: tuple[ConsentChannel, ...]
    """Channels that keep quiet hours."""

    @model_validator(mode="after")
    def _ordered(self) -> Quiet:
        if self.earliest >= self.latest:
            raise ValueError("earliest must be before latest, on the same day")
        return self


class Cap(Section):
    """Where ``count`` actions were given out in the last ``days`` (or ``minutes``), one more is held or refused."""

    channel: ConsentChannel | Literal["any"]
    """The channel it counts, or ``any`` for all channels to the customer together."""
    purpose: Literal["service", "marketing", "any"]
    """The purpose it counts, or ``any``."""
    count: Annotated[int, Field(ge=1, le=MAX_SENT)]
    """Actions allowed in the window. The record remembers the last 12, so no more can be counted."""
    days: Annotated[int, Field(ge=0, le=90)] = 0
    """Length of the rolling window in days."""
    minutes: Annotated[int, Field(ge=0, le=1_440)] = 0
    """Its length in minutes, in place of days: what keeps messages apart."""
    limits: Literal["service", "marketing", "any"] = "any"
    """The purpose it limits, of those it counts: so service may slow marketing down and go on itself."""
    then: Literal["hold", "refuse"]
    """What happens to one more: held until there is room, or refused."""

    @model_validator(mode="after")
    def _one_length(self) -> Cap:
        if bool(self.days) == bool(self.minutes):
            raise ValueError("a cap has either days or minutes")
        return self

    def counts(self, channel: str, purpose: str) -> bool:
        """Whether an action on this channel and for this purpose counts."""
        return channel != "desk" and self.channel in ("any", channel) and self.purpose in ("any", purpose)

    def stops(self, channel: str, purpose: str) -> bool:
        """Whether it limits such an action."""
        return self.counts(channel, purpose) and self.limits in ("any", purpose)

    @property
    def window(self) -> Millis:
        return self.days * DAY + self.minutes * MINUTE

    @property
    def length(self) -> str:
        """Its window in words."""
        return f"{self.days} days" if self.days else f"{self.minutes} minutes"


class Group(Section):
    """Rules of which a customer gets at most one action at a time."""

    name: Name
    """Name that rules refer to."""
    days: Annotated[int, Field(ge=0, le=90)]
    """For so many days after one rule of the group acted, the others do not."""

    @property
    def window(self) -> Millis:
        return self.days * DAY


class Consents(Section):
    """What is allowed where the customer has said nothing."""

    service: tuple[ConsentChannel, ...]
    """Channels on which service messages go unless the customer withdrew. Marketing always needs a grant."""


class Duplicates(Section):
    """How many event ids are remembered, per generation; two generations are kept."""

    browse: Annotated[int, Field(ge=8, le=64)]
    """Browsing events: 5 bytes each in the record, up to twice this many; 8 hold about a visit."""
    others: Annotated[int, Field(ge=8, le=64)]
    """All other events, likewise."""
