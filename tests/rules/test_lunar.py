"""Lunar calendars, beside what the institutes that answer for them publish."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from lunar_python import LunarYear, Solar

from rules.lunar import Tradition, lunar_day, lunar_months, tradition_of


def months_of_library(year: int) -> list[tuple[int, bool, date, int]]:
    """The Chinese ones, as the library has them in its tables."""
    found = []
    for month in LunarYear.fromYear(year).getMonthsInYear():
        first = Solar.fromJulianDay(month.getFirstJulianDay())
        day = date(first.getYear(), first.getMonth(), first.getDay())
        found.append((abs(month.getMonth()), month.isLeap(), day, month.getDayCount()))
    return found


def leap_months(year: int, tradition: Tradition) -> list[int]:
    return [one.number for one in lunar_months(year, tradition) if one.leap]


@pytest.mark.parametrize("year", [1960, 1985, 2001, 2017, 2023, 2025, 2026, 2033, 2034, 2057, 2089, 2099])
def test_the_chinese_months_are_those_of_the_tables(year: int) -> None:
    assert [tuple(one) for one in lunar_months(year, "chinese")] == months_of_library(year)


@pytest.mark.parametrize(
    ("year", "new_year", "leap"),
    [
        # Hong Kong Observatory, Gregorian-Lunar Calendar Conversion Tables
        (2020, date(2020, 1, 25), [4]),
        (2023, date(2023, 1, 22), [2]),
        (2025, date(2025, 1, 29), [6]),
        (2026, date(2026, 2, 17), []),
        (2027, date(2027, 2, 6), []),
        (2033, date(2033, 1, 31), [11]),  # the year that many programs get wrong
    ],
)
def test_chinese_years_and_leap_months(year: int, new_year: date, leap: list[int]) -> None:
    assert (lunar_day(year, 1, 1, "chinese"), leap_months(year, "chinese")) == (new_year, leap)


@pytest.mark.parametrize(
    ("year", "new_year", "leap"),
    [
        # Korea Astronomy and Space Science Institute, almanac of each year
        (1997, date(1997, 2, 8), []),  # China: 7 February
        (2012, date(2012, 1, 23), [3]),  # China: a leap fourth month
        (2017, date(2017, 1, 28), [5]),  # China: a leap sixth
        (2025, date(2025, 1, 29), [6]),
        (2027, date(2027, 2, 7), []),  # China: 6 February
        (2028, date(2028, 1, 27), [5]),  # China: 26 January
    ],
)
def test_korea_reckons_by_its_own_midnight(year: int, new_year: date, leap: list[int]) -> None:
    assert (lunar_day(year, 1, 1, "korean"), leap_months(year, "korean")) == (new_year, leap)


@pytest.mark.parametrize(
    ("year", "new_year"),
    [
        # Hồ Ngọc Đức, Thuật toán tính âm lịch: the years in which Vietnam and China differed
        (1985, date(1985, 1, 21)),  # China: 20 February
        (2007, date(2007, 2, 17)),  # China: 18 February
        (2026, date(2026, 2, 17)),
        (2030, date(2030, 2, 2)),  # China: 3 February
    ],
)
def test_vietnam_reckons_by_its_own_midnight(year: int, new_year: date) -> None:
    assert lunar_day(year, 1, 1, "vietnamese") == new_year


@pytest.mark.parametrize("tradition", ["chinese", "korean", "vietnamese"])
def test_years_follow_each_other_without_a_gap(tradition: Tradition) -> None:
    months = [month for year in range(2024, 2036) for month in lunar_months(year, tradition)]

    for one, after in pairwise(months):
        assert one.first.toordinal() + one.days == after.first.toordinal()
        assert one.days in (29, 30)
        assert after.number == (one.number if after.leap else one.number % 12 + 1)


def test_a_day_of_a_leap_month_is_kept_in_the_plain_one_and_day_30_in_every_month() -> None:
    assert lunar_day(2025, 6, 15, "chinese") == date(2025, 7, 9)
    assert lunar_day(2017, 5, 10, "korean") == date(2017, 6, 4)
    assert lunar_day(2025, 12, 30, "chinese") == date(2026, 2, 16), "the twelfth month has 29 days"


@pytest.mark.parametrize(
    ("language", "country", "kept"),
    [
        ("zh", "US", "chinese"),
        ("ko", "US", "korean"),
        ("vi", "DE", "vietnamese"),
        ("en", "KR", "korean"),
        ("en", "VN", "vietnamese"),
        ("zh", "VN", "chinese"),
        ("en", "DE", "chinese"),
    ],
)
def test_who_keeps_which(language: str, country: str, kept: str) -> None:
    assert tradition_of(language, country) == kept
