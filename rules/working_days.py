"""Public holidays and working days by country, make-up days included, from the ``holidays`` library.

Days of whole countries only: what a state or a town keeps for itself is a working day here. Where a government tells
each year which weekend days are worked in place of others (China), the library knows the years that were announced.
Beyond them the holidays by law are known, and weekends are taken for free days; ``announced`` tells the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Final, NamedTuple

import holidays
from holidays.registry import COUNTRIES

_KNOWN: Final = frozenset(names[1] for names in COUNTRIES.values())
"""Countries of the library, by ISO 3166; each is loaded when it is asked for."""
_LANGUAGE: Final = "en_US"
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_FARTHEST: Final = 60
"""Days ahead within which each country works again."""
_MOVED: Final = 4
"""Parts of an entry of the library's that says which weekend day is worked in place of a free one."""


class _Year(NamedTuple):
    """The days of a country in one year that differ from the others of their weekday."""

    names: Mapping[date, str]
    worked: frozenset[date]
    """Days of weekends that are worked."""
    weekend: frozenset[int]
    """0 for Monday."""


def holiday(day: date, country: str) -> str:
    """The public holiday's name in English, or in the country's own language where it has none; empty for others."""
    return _year(country, day.year).names.get(day, "")


def is_working_day(day: date, country: str) -> bool:
    """Whether it is worked there: no weekend and no public holiday, or a weekend day that makes up for one."""
    year = _year(country, day.year)
    if day in year.worked:
        return True
    return day.weekday() not in year.weekend and day not in year.names


def next_working_day(day: date, country: str) -> date:
    """The day itself where it is worked, else the first one after it that is."""
    days = (day + ahead * _DAY for ahead in range(_FARTHEST))
    return next((one for one in days if is_working_day(one, country)), day)


def announced(year: int, country: str) -> bool:
    """Whether the working days of this year are known, and not only the holidays by law."""
    last = last_announced(country)
    return country in _KNOWN and (last is None or year <= last)


@cache
def last_announced(country: str) -> int | None:
    """The last year whose make-up days are known; None for countries that move none, or that are not known."""
    if country not in _KNOWN:
        return None
    special = getattr(holidays.country_holidays(country), "special_public_holidays", {})
    return max((year for year, days in special.items() if _moves_some(days)), default=None)


def _moves_some(days: object) -> bool:
    """Whether an entry of the library's, or one of several, says which day is worked in place of a free one."""
    if not isinstance(days, tuple) or not days:
        return False
    return len(days) >= _MOVED if not isinstance(days[0], tuple) else any(_moves_some(one) for one in days)


@lru_cache(maxsize=512)
def _year(country: str, year: int) -> _Year:
    if country not in _KNOWN:
        return _Year({}, frozenset(), frozenset((_SATURDAY, _SATURDAY + 1)))
    # A year's first days may be told by the announcement for the year before.
    found = holidays.country_holidays(country, years=year, language=_LANGUAGE)
    return _Year(dict(found), frozenset(found.weekend_workdays), frozenset(found.weekend))
