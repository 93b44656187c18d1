"""Festivals and other days of the year that a store knows of: by date, by weekday of a month, or by Easter."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from rules.defaults.section import Language, MonthDay, Name, Section
from rules.moving_days import MovingDay, moving_day

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_LONGEST: Final = 40
_WORDS: Final = re.compile(r"\s+")


def _readable(text: str) -> str:
    return moving_day(_WORDS.sub(" ", text.strip().lower())).text


class Festival(Section):
    """A day that customers are greeted on, or that rules ask for."""

    id: Name
    """Name that the words for it are found by."""
    calendar: Literal["solar", "lunar"] = "solar"
    """Which calendar ``date`` belongs to. The lunar one is that of China, Korea or Vietnam, whichever they keep."""
    date: MonthDay | None = None
    """Month and day, as MM-DD. A day 30 that a lunar month has not is its last day."""
    on: Annotated[str, Field(max_length=_LONGEST), AfterValidator(_readable)] | None = None
    """In place of a date: ``second sunday of may``, ``last thursday of november``, ``39 days after easter``."""
    languages: tuple[Language, ...] = ()
    """Languages whose speakers keep it; empty for everybody."""
    countries: tuple[Country, ...] = ()
    """Countries (ISO 3166) where it is kept; empty for all."""
    regions: tuple[str, ...] = ()
    """Regions, as profiles name them, in which it is kept; empty for all."""
    greet: bool = True
    """Whether customers are greeted on it (trigger ``festival``); if not, it is there for rules to ask for."""
    ahead: Annotated[int, Field(ge=0, le=60)] = 0
    """So many days before, ``festival.ahead`` triggers rules; 0 for never."""

    @model_validator(mode="after")
    def _one_day(self) -> Festival:
        if (self.date is None) == (self.on is None):
            raise ValueError("a festival has either date or on")
        if self.on is not None and self.calendar == "lunar":
            raise ValueError("what moves by weekdays or Easter is of the solar calendar")
        return self

    @property
    def moves(self) -> MovingDay | None:
        """How its day is found, where it has no date."""
        return moving_day(self.on) if self.on is not None else None
