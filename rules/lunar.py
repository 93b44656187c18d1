"""The lunar calendars of China, Korea and Vietnam: one set of rules, reckoned by the midnights of three capitals.

A month begins on the day of the new moon. The one with the winter solstice is the eleventh; where thirteen months lie
between two of these, the first in which no principal solar term falls is a leap month, and repeats the number before.
A new moon or a term near midnight falls on different days in Beijing, Seoul and Hanoi, so that now and then the
calendars differ by a day, or by a month.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import pairwise
from math import floor, pi
from typing import Final, Literal, NamedTuple

from lunar_python.util import ShouXingUtil

Tradition = Literal["chinese", "korean", "vietnamese"]
_HOURS_EAST: Final[dict[Tradition, int]] = {"chinese": 8, "korean": 9, "vietnamese": 7}
"""Of the meridians that the calendars are reckoned for, by Greenwich."""
_OF_LANGUAGE: Final[dict[str, Tradition]] = {"zh": "chinese", "ko": "korean", "vi": "vietnamese"}
_OF_COUNTRY: Final[dict[str, Tradition]] = {"KR": "korean", "VN": "vietnamese"}
_NEW_YEAR_2000: Final = date(2000, 1, 1).toordinal()
_FIRST_SPRING: Final = 1999
"""The year from whose spring equinox the library counts the sun's longitude."""
_DAYS_A_CENTURY, _DAYS_A_MONTH = 36_525, 29.530_588
_TERMS: Final = 13
"""Principal terms from one winter solstice to the next, both counted."""


class LunarMonth(NamedTuple):
    """A month of a lunar year."""

    number: int
    leap: bool
    first: date
    days: int


def tradition_of(language: str, country: str) -> Tradition:
    """The calendar that somebody keeps: that of their language, else of the country they live in, else the Chinese."""
    return _OF_LANGUAGE.get(language) or _OF_COUNTRY.get(country, "chinese")


def lunar_day(year: int, month: int, day: int, tradition: Tradition) -> date:
    """The day in the ordinary month of that number, never in the leap month; day 30 of a short month is its last."""
    its = next(one for one in lunar_months(year, tradition) if one.number == month and not one.leap)
    return date.fromordinal(its.first.toordinal() + min(day, its.days) - 1)


@lru_cache(maxsize=512)
def lunar_months(year: int, tradition: Tradition) -> tuple[LunarMonth, ...]:
    """The months of a lunar year, from the first on; reckoned once, as that takes milliseconds."""
    begun, following = _numbered(year, tradition), _numbered(year + 1, tradition)
    return (*begun[_first(begun) :], *following[: _first(following)])


def _first(months: tuple[LunarMonth, ...]) -> int:
    return next(place for place, one in enumerate(months) if one.number == 1)


@lru_cache(maxsize=64)
def _numbered(year: int, tradition: Tradition) -> tuple[LunarMonth, ...]:
    """The months from that of the winter solstice before this year to the one before the next solstice's."""
    terms = [_term(year, number, tradition) for number in range(_TERMS)]
    begin, end = (_moon_before(terms[place], tradition) for place in (0, -1))
    firsts = [_new_moon(moon, tradition) for moon in range(begin, end + 1)]
    months, number, missing = [], 10, len(firsts) == _TERMS + 1
    for first, after in pairwise(firsts):
        leap = missing and not any(first <= term < after for term in terms)
        missing = missing and not leap
        number += not leap
        months.append(LunarMonth((number - 1) % 12 + 1, leap, date.fromordinal(first), after - first))
    return tuple(months)


def _term(year: int, number: int, tradition: Tradition) -> int:
    """The day of a principal term, counted from the winter solstice before this year."""
    turns = year - 1 - _FIRST_SPRING
    return _day(ShouXingUtil.saLonT(2 * pi * turns + 1.5 * pi + number * pi / 6), tradition)


def _moon_before(day: int, tradition: Tradition) -> int:
    """The number of the last new moon that is not after this day."""
    guess = round((day - _NEW_YEAR_2000) / _DAYS_A_MONTH) + 1
    return next(moon for moon in range(guess, guess - 4, -1) if _new_moon(moon, tradition) <= day)


def _new_moon(number: int, tradition: Tradition) -> int:
    return _day(ShouXingUtil.msaLonT(2 * pi * number), tradition)


def _day(centuries: float, tradition: Tradition) -> int:
    """The day, where the calendar is reckoned, of a moment in centuries of dynamical time since noon of 2000-01-01."""
    dynamical = centuries * _DAYS_A_CENTURY
    universal = dynamical - ShouXingUtil.dtT(dynamical)
    return _NEW_YEAR_2000 + floor(float(universal) + 0.5 + _HOURS_EAST[tradition] / 24)
