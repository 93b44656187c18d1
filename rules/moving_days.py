"""Days that have no date of their own: some weekday of a month, or so many days from Easter."""

from __future__ import annotations

import re
from calendar import day_name, month_name, monthrange
from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

from dateutil.easter import easter

_WEEK: Final = 7
_PLACES: Final = ("first", "second", "third", "fourth", "last")
_DAYS: Final = tuple(name.lower() for name in day_name)
_MONTHS: Final = tuple(name.lower() for name in month_name)
_OF_MONTH: Final = re.compile(rf"({'|'.join(_PLACES)}) ({'|'.join(_DAYS)}) of ({'|'.join(_MONTHS[1:])})")
_BY_EASTER: Final = re.compile(r"(?:(\d{1,2}) days? (before|after) )?easter")


class MovingDay(NamedTuple):
    """How the day is found in each year."""

    text: str
    month: int = 0
    """0 for days that go by Easter."""
    weekday: int = 0
    """0 for Monday."""
    place: int = 0
    """Of the weekday in its month, 0 for the first, -1 for the last; or days from Easter Sunday."""

    def of(self, year: int) -> date:
        """Its day in this year."""
        if not self.month:
            sunday: date = easter(year)
            return sunday + timedelta(days=self.place)
        begins, length = monthrange(year, self.month)
        first = 1 + (self.weekday - begins) % _WEEK
        last = first + (length - first) // _WEEK * _WEEK
        return date(year, self.month, last if self.place < 0 else first + self.place * _WEEK)


@cache
def moving_day(text: str) -> MovingDay:
    """Read a rule such as ``second sunday of may`` or ``39 days after easter``.

    Raises:
        ValueError: it is none.
    """
    found = _OF_MONTH.fullmatch(text)
    if found:
        place = -1 if found[1] == "last" else _PLACES.index(found[1])
        return MovingDay(text, _MONTHS.index(found[3]), _DAYS.index(found[2]), place)
    found = _BY_EASTER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no such day; write second sunday of may, or 39 days after easter")
    days = int(found[1] or 0)
    return MovingDay(text, place=-days if found[2] == "before" else days)
