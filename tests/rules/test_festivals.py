"""Festivals: who keeps which, on which day, and what rules may ask about them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules.facts import FactReader
from rules.festivals import FestivalCalendar
from rules.loading import shipped
from rules.moving_days import moving_day
from rules.problems import BadRulebook
from rules.rulebook import Rulebook
from schemas.profile import Profile
from schemas.times import Millis
from tests.rules.moments import Moments, at, book, customer

NUMBERS = shipped().defaults
GREETED = {festival.id for festival in NUMBERS.festivals if festival.greet}


def kept(profile: Profile, year: int) -> dict[str, date]:
    """The days of a year, for somebody."""
    calendar = FestivalCalendar(NUMBERS)
    found = calendar.days(calendar.keeper(profile), date(year, 1, 1), date(year, 12, 31))
    return {one.id: one.day for one in found}


def moments(calendar: FestivalCalendar, profile: Profile, after: str, count: int) -> list[tuple[str, str]]:
    keeper, moment, found = calendar.keeper(profile), at(after), []
    for _ in range(count):
        one = calendar.next(keeper, moment)
        assert one
        moment = one.moment
        found.append((one.trigger, one.ref))
    return found


def of(*festivals: dict[str, Any]) -> Rulebook:
    lines = "\n".join(f"  - {festival}".replace("'", "").replace("True", "true") for festival in festivals)
    return book("defaults:\n  festivals:\n" + "\n".join(f"    {line}" for line in lines.splitlines()))


class TestDays:
    def test_the_booksellers_year_in_china(self) -> None:
        year = kept(Profile(locale="zh-CN", zone="Asia/Shanghai"), 2026)

        # Hong Kong Observatory, calendar for 2026
        assert year == {
            "new_year": date(2026, 1, 1),
            "lunar_new_year": date(2026, 2, 17),
            "lantern_festival": date(2026, 3, 3),
            "book_day": date(2026, 4, 23),
            "mothers_day": date(2026, 5, 10),
            "childrens_day": date(2026, 6, 1),
            "sale_618": date(2026, 6, 18),
            "dragon_boat": date(2026, 6, 19),
            "fathers_day": date(2026, 6, 21),
            "qixi": date(2026, 8, 19),
            "teachers_day": date(2026, 9, 10),
            "mid_autumn": date(2026, 9, 25),
            "double_ninth": date(2026, 10, 18),
            "singles_day": date(2026, 11, 11),
        }

    @pytest.mark.parametrize(
        ("profile", "mothers", "fathers"),
        [
            (Profile(locale="en-US", zone="America/New_York"), date(2026, 5, 10), date(2026, 6, 21)),
            (Profile(locale="de-DE", zone="Europe/Berlin"), date(2026, 5, 10), date(2026, 5, 14)),
            (Profile(locale="en-GB", zone="Europe/London"), date(2026, 3, 15), date(2026, 6, 21)),
        ],
    )
    def test_mothers_and_fathers_are_thought_of_when_their_country_does(
        self, profile: Profile, mothers: date, fathers: date
    ) -> None:
        year = kept(profile, 2026)

        assert year.get("mothers_day", year.get("mothering_sunday")) == mothers
        assert year.get("fathers_day", year.get("fathers_day_ascension")) == fathers

    def test_one_feast_has_its_day_by_the_calendar_that_the_customer_keeps(self) -> None:
        assert kept(Profile(locale="zh-CN"), 2027)["lunar_new_year"] == date(2027, 2, 6)
        assert kept(Profile(locale="ko-KR"), 2027)["lunar_new_year"] == date(2027, 2, 7)
        assert kept(Profile(locale="vi-VN"), 2030)["lunar_new_year"] == date(2030, 2, 2)

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("easter", date(2026, 4, 5)),  # Astronomische Gesellschaft, Ostertermine
            ("2 days before easter", date(2026, 4, 3)),
            ("1 day after easter", date(2026, 4, 6)),
            ("first monday of june", date(2026, 6, 1)),
            ("last thursday of november", date(2026, 11, 26)),
            ("fourth thursday of november", date(2026, 11, 26)),
            ("last saturday of february", date(2026, 2, 28)),
        ],
    )
    def test_days_without_a_date(self, text: str, day: date) -> None:
        assert moving_day(text).of(2026) == day

    @pytest.mark.parametrize("text", ["fifth sunday of may", "second sunday in may", "3 weeks after easter", ""])
    def test_what_is_no_such_day_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(ValueError, match="write second sunday of may"):
            moving_day(text)

    def test_a_rulebook_says_where_a_festival_has_no_day(self) -> None:
        with pytest.raises(BadRulebook, match="either date or on"):
            of({"id": "spring"})
        with pytest.raises(BadRulebook, match="no such day"):
            of({"id": "spring", "on": "when it is warm"})


class TestMoments:
    def test_a_greeting_comes_on_the_day_and_a_reminder_before(self) -> None:
        calendar = of(
            {"id": "mothers_day", "on": "second sunday of may", "greet": False, "ahead": 7},
            {"id": "book_day", "date": "04-23", "ahead": 3},
            {"id": "labour", "date": "05-01", "greet": False},
        ).festivals
        found = moments(calendar, Profile(zone="Europe/Berlin"), "2026-03-01T00:00:00Z", 4)

        assert found == [
            ("festival.ahead", "book_day-2026"),
            ("festival", "book_day-2026"),
            ("festival.ahead", "mothers_day-2026"),
            ("festival.ahead", "book_day-2027"),
        ]

    def test_a_reminder_may_lie_in_the_year_before(self) -> None:
        calendar = of({"id": "new_year", "date": "01-01", "ahead": 10}).festivals
        keeper = calendar.keeper(Profile(zone="Europe/Berlin"))
        first = calendar.next(keeper, at("2026-06-01T00:00:00Z"))

        assert first
        assert (first.moment, first.ref) == (at("2026-12-22T10:00:00+01:00"), "new_year-2027")

    def test_two_on_one_day_both_count(self) -> None:
        calendar = of({"id": "one", "date": "06-18"}, {"id": "other", "date": "06-18"}).festivals
        keeper = calendar.keeper(Profile(zone="Asia/Shanghai"))

        assert {one.id for one in calendar.at(keeper, at("2026-06-18T10:00:00+08:00"))} == {"one", "other"}

    def test_few_are_greeted(self) -> None:
        assert {"new_year", "lunar_new_year", "mid_autumn", "christmas"} == GREETED


class TestFacts:
    def told(self, moment: Millis, *facts: str, **profile: Any) -> list[Any]:
        record = customer(profile=Profile(**profile))
        reader = FactReader(Moments(shipped(), record).context("order.placed", "o-1", moment))
        return [reader[fact] for fact in facts]

    def test_a_rule_may_ask_what_is_today_what_comes_soon_and_what_is_next(self) -> None:
        eve = at("2026-06-17T12:00:00+08:00")
        names = ("festival.today", "festival.soon", "festival.next", "festival.next_days")

        assert self.told(eve, *names, locale="zh-CN", zone="Asia/Shanghai") == [
            [],
            ["sale_618", "dragon_boat", "fathers_day"],
            "sale_618",
            1,
        ]
        assert self.told(eve + 86_400_000, "festival.today", locale="zh-CN", zone="Asia/Shanghai") == [["sale_618"]]

    def test_today_is_today_where_the_customer_lives(self) -> None:
        moment = at("2026-12-25T01:00:00+01:00")

        assert self.told(moment, "festival.today", locale="de-DE", zone="Europe/Berlin") == [["christmas"]]
        assert self.told(moment, "festival.today", locale="en-US", zone="America/New_York") == [[]]

    @pytest.mark.parametrize(
        ("profile", "country"),
        [
            ({"zone": "Europe/Berlin", "locale": "en-US"}, "DE"),
            ({"zone": "America/New_York", "locale": "zh-CN"}, "US"),
            ({"zone": "Etc/GMT-8", "locale": "zh-CN"}, "CN"),
            ({"zone": "Asia/Calcutta"}, "IN"),
            ({"locale": "de"}, "US"),  # the store's
            ({}, "US"),
        ],
    )
    def test_the_country_is_where_they_live(self, profile: dict[str, str], country: str) -> None:
        assert self.told(at("2026-06-17T12:00:00Z"), "profile.country", **profile) == [country]
