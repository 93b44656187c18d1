"""Local hours, birthdays and festivals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lunar_python import Solar

from rules.calendar import (
    is_waking,
    local_time,
    next_birthday,
    next_local_hour,
    next_waking,
    spread,
    year_at,
    zone_of,
)
from rules.defaults import Defaults
from rules.festivals import FestivalCalendar
from rules.loading import shipped
from schemas.profile import Profile
from schemas.times import DAY, HOUR, MINUTE, Millis, to_datetime, to_millis
from tests.rules.moments import at, book

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Santiago",  # changes at midnight: a day begins at 1:00
    "Pacific/Apia",  # left out a whole day
    "Africa/Casablanca",
    "UTC",
)
MOMENTS = st.integers(to_millis(datetime(2000, 1, 1, tzinfo=UTC)), to_millis(datetime(2040, 1, 1, tzinfo=UTC)))
CLOCKS = st.times().map(lambda clock: clock.strftime("%H:%M"))
NUMBERS = shipped().defaults


def here(moment: Millis, zone: str) -> str:
    return local_time(moment, zone).strftime("%Y-%m-%d %H:%M")


class TestHours:
    def test_the_hour_is_the_next_one_on_the_wall(self) -> None:
        assert next_local_hour(at("2026-03-04T07:00:00+00:00"), "Europe/Berlin", "09:00") == at("2026-03-04T08:00:00Z")
        assert next_local_hour(at("2026-03-04T08:00:00+00:00"), "Europe/Berlin", "09:00") == at("2026-03-04T08:00:00Z")
        assert next_local_hour(at("2026-03-04T08:00:01+00:00"), "Europe/Berlin", "09:00") == at("2026-03-05T08:00:00Z")

    def test_an_hour_that_is_skipped_comes_as_much_later(self) -> None:
        moment = next_local_hour(at("2026-03-28T12:00:00Z"), "Europe/Berlin", "02:30")

        assert here(moment, "Europe/Berlin") == "2026-03-29 03:30"

    def test_of_an_hour_that_comes_twice_the_first_counts(self) -> None:
        first = next_local_hour(at("2026-10-24T12:00:00Z"), "Europe/Berlin", "02:30")

        assert first == at("2026-10-25T02:30:00+02:00")
        assert next_local_hour(first + 1, "Europe/Berlin", "02:30") == at("2026-10-26T02:30:00+01:00")

    def test_an_unknown_zone_is_no_zone(self) -> None:
        with pytest.raises(ValueError, match="no IANA time zone"):
            local_time(0, "Mars/Olympus")
        with pytest.raises(ValueError, match="no IANA time zone"):
            local_time(0, "../../etc/passwd")

    @given(st.integers(1990, 2060), st.integers(-30 * HOUR, 30 * HOUR), st.sampled_from(ZONES))
    def test_the_year_is_that_of_the_wall_clock_around_each_new_year(self, year: int, from_it: int, zone: str) -> None:
        moment = to_millis(datetime(year, 1, 1, tzinfo=UTC)) + from_it

        assert year_at(moment, zone) == local_time(moment, zone).year

    @given(MOMENTS, st.sampled_from(ZONES), CLOCKS)
    @settings(max_examples=100, deadline=None)
    def test_it_is_never_before_and_at_most_two_days_after(self, after: Millis, zone: str, clock: str) -> None:
        moment = next_local_hour(after, zone, clock)

        assert after <= moment <= after + 2 * DAY + 2 * HOUR
        shown = local_time(moment, zone).strftime("%H:%M")
        assert shown == clock or clock < shown, "only a skipped hour comes later"

    @given(MOMENTS, st.sampled_from(ZONES), CLOCKS, CLOCKS)
    @settings(max_examples=100, deadline=None)
    def test_waking_hours_are_found_and_not_left_again(self, after: Millis, zone: str, one: str, other: str) -> None:
        earliest, latest = sorted((one, other))
        if earliest == latest:
            latest = "23:59"
        if earliest == latest:
            return

        moment = next_waking(after, zone, earliest, latest)

        assert is_waking(moment, zone, earliest, latest)
        assert moment >= after
        assert next_waking(moment, zone, earliest, latest) == moment

    @given(MOMENTS, st.sampled_from(ZONES))
    @settings(max_examples=100, deadline=None)
    def test_nobody_waits_longer_than_a_night(self, after: Millis, zone: str) -> None:
        skipped_day = DAY if zone == "Pacific/Apia" else 0

        assert next_waking(after, zone, "09:00", "20:00") - after <= 14 * HOUR + MINUTE + skipped_day


class TestBirthdays:
    def of(self, birthday: str, after: str, numbers: Defaults = NUMBERS, **profile: object) -> tuple[str, int]:
        told = Profile(birthday=birthday, zone="Europe/Berlin", **profile)  # type: ignore[arg-type]  # a test's own
        found = next_birthday(told, numbers, at(after))
        assert found
        return here(found[0], "Europe/Berlin"), found[1]

    def test_it_is_greeted_at_the_greeting_time_where_the_customer_lives(self) -> None:
        assert self.of("1990-04-10", "2026-01-01T00:00:00Z") == ("2026-04-10 10:00", 2026)
        assert self.of("04-10", "2026-04-10T08:00:00Z") == ("2027-04-10 10:00", 2027)

    def test_without_a_birthday_there_is_none(self) -> None:
        assert next_birthday(Profile(), NUMBERS, 0) is None

    def test_of_an_unknown_zone_the_stores_counts(self) -> None:
        lost = Profile(birthday="04-10", zone="Mars/Olympus")
        found = next_birthday(lost, NUMBERS, at("2026-01-01T00:00:00Z"))

        assert zone_of(lost, NUMBERS) == "America/New_York"
        assert found
        assert here(found[0], "America/New_York") == "2026-04-10 10:00"

    def test_who_was_born_on_29_february_has_a_birthday_every_year(self) -> None:
        assert self.of("1996-02-29", "2026-01-01T00:00:00Z") == ("2026-02-28 10:00", 2026)
        assert self.of("1996-02-29", "2028-01-01T00:00:00Z") == ("2028-02-29 10:00", 2028)

    def test_or_on_1_march_where_the_store_says_so(self) -> None:
        numbers = book("defaults:\n  place: {leap_day: 03-01}\n").defaults

        assert self.of("1996-02-29", "2026-01-01T00:00:00Z", numbers) == ("2026-03-01 10:00", 2026)

    def test_a_day_that_no_month_has_is_its_last(self) -> None:
        assert self.of("04-31", "2026-01-01T00:00:00Z") == ("2026-04-30 10:00", 2026)

    @pytest.mark.parametrize(
        ("birthday", "after", "expected"),
        [
            ("01-01", "2026-01-01T00:00:00Z", ("2026-02-17 10:00", 2026)),  # the lunar new year
            ("08-15", "2026-01-01T00:00:00Z", ("2026-09-25 10:00", 2026)),
            ("12-08", "2026-01-01T00:00:00Z", ("2026-01-26 10:00", 2025)),  # late in the lunar year before
            ("12-08", "2026-02-01T00:00:00Z", ("2027-01-15 10:00", 2026)),
        ],
    )
    def test_a_lunar_birthday_belongs_to_its_lunar_year(
        self, birthday: str, after: str, expected: tuple[str, int]
    ) -> None:
        assert self.of(birthday, after, lunar=True) == expected

    def test_in_a_year_with_a_leap_month_it_is_kept_in_the_ordinary_one(self) -> None:
        # 2025 has a sixth month from 25 June and a leap sixth from 25 July.
        assert self.of("06-15", "2025-01-01T00:00:00Z", lunar=True) == ("2025-07-09 10:00", 2025)
        assert self.of("06-15", "2025-07-10T00:00:00Z", lunar=True) == ("2026-07-28 10:00", 2026)

    def test_day_30_of_a_short_lunar_month_is_its_last_day(self) -> None:
        found, year = self.of("12-30", "2025-12-01T00:00:00Z", lunar=True)

        assert (found, year) == ("2026-02-16 10:00", 2025)
        assert Solar.fromYmd(2026, 2, 16).getLunar().getDay() == 29

    @given(
        st.integers(1, 12),
        st.integers(1, 31),
        st.booleans(),
        st.sampled_from(ZONES),
        st.integers(to_millis(datetime(2001, 1, 1, tzinfo=UTC)), to_millis(datetime(2038, 1, 1, tzinfo=UTC))),
    )
    @settings(max_examples=60, deadline=None)
    def test_there_is_one_for_each_year_and_never_two(
        self, month: int, day: int, lunar: bool, zone: str, after: Millis
    ) -> None:
        told = Profile(birthday=f"{month:02}-{day:02}", lunar=lunar, zone=zone)
        years = []
        for _ in range(4):
            found = next_birthday(told, NUMBERS, after)
            assert found
            assert after < found[0] < after + 390 * DAY
            after = found[0]
            years.append(found[1])

        assert years == list(range(years[0], years[0] + 4))

    @given(st.dates(datetime(2001, 3, 1).date(), datetime(2035, 1, 1).date()))  # noqa: DTZ001  # dates have no zone
    @settings(max_examples=60, deadline=None)
    def test_the_lunar_calendar_is_the_libraries(self, day: object) -> None:
        assert isinstance(day, type(datetime(2001, 1, 1, tzinfo=UTC).date()))
        lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
        if lunar.getMonth() < 0:
            return  # in a leap month: kept in the ordinary one
        told = Profile(birthday=f"{lunar.getMonth():02}-{lunar.getDay():02}", lunar=True, zone="UTC")
        eve = to_millis(datetime(day.year, day.month, day.day, tzinfo=UTC))

        found = next_birthday(told, NUMBERS, eve)

        assert found
        assert to_datetime(found[0]).date() == day
        assert found[1] == lunar.getYear()


class TestFestivals:
    def year(self, locale: str, zone: str = "Asia/Shanghai", region: str = "") -> list[tuple[str, str, int]]:
        calendar, after, found = FestivalCalendar(NUMBERS), at("2026-01-01T12:00:00+08:00"), []
        keeper = calendar.keeper(Profile(locale=locale, zone=zone, region=region))
        for _ in range(5):
            one = calendar.next(keeper, after)
            assert one
            after = one.moment
            found.append((here(one.moment, zone), one.id, one.year))
        return found

    def test_each_language_keeps_its_own(self) -> None:
        assert self.year("zh-CN")[:3] == [
            ("2026-02-17 10:00", "lunar_new_year", 2026),
            ("2026-09-25 10:00", "mid_autumn", 2026),
            ("2027-01-01 10:00", "new_year", 2027),
        ]
        assert [name for _, name, _ in self.year("de")] == ["christmas", "new_year"] * 2 + ["christmas"]
        assert [name for _, name, _ in self.year("fr")] == ["new_year"] * 5

    def test_without_a_language_the_stores_counts(self) -> None:
        assert self.year("") == self.year("en")

    def test_a_festival_may_be_kept_in_some_regions_only(self) -> None:
        calendar = book(
            "defaults:\n  festivals: [{id: carnival, calendar: solar, date: 02-16, regions: [Rheinland]}]\n"
        ).festivals
        after = at("2026-01-01T00:00:00Z")

        assert calendar.next(calendar.keeper(Profile(locale="de", region="Bayern")), after) is None
        found = calendar.next(calendar.keeper(Profile(locale="de", region="Rheinland")), after)
        assert found
        assert (found.id, found.year) == ("carnival", 2026)

    def test_no_festival_is_none(self) -> None:
        calendar = book("defaults:\n  festivals: []\n").festivals

        assert calendar.next(calendar.keeper(Profile()), 0) is None


class TestSpread:
    def test_it_is_the_same_each_time_and_different_for_each(self) -> None:
        delays = {spread(f"c-{n}", "birthday", HOUR) for n in range(200)}

        assert spread("c-1", "birthday", HOUR) == spread("c-1", "birthday", HOUR)
        assert len(delays) > 190
        assert all(0 <= one < HOUR for one in delays)
        assert timedelta(milliseconds=max(delays)) > timedelta(minutes=50)

    def test_no_width_is_no_delay(self) -> None:
        assert spread("c-1", "birthday", 0) == 0
