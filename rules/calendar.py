"""Local time: hours, birthdays and festivals in the customer's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from lunar_python import LunarYear, Solar

from rules.defaults import Defaults, Festival
from rules.zones import is_zone, zone_info
from schemas.ids import fraction
from schemas.record import Profile
from schemas.times import DAY, Millis, to_datetime, to_millis

_DAY = timedelta(days=1)
_YEARS_AHEAD = 9
"""29 February can be this far away (1896 to 1904)."""


def local_time(at: Millis, zone: str) -> datetime:
    """The moment on the wall clock of the zone.

    Raises:
        ValueError: there is no such zone.
    """
    return to_datetime(at).astimezone(zone_info(zone))


def zone_of(profile: Profile, defaults: Defaults) -> str:
    """The customer's zone, or the store's where that is not known."""
    return profile.zone if is_zone(profile.zone) else defaults.place.zone


def moment_of(day: date, clock: str, zone: str) -> Millis:
    """The moment at which the wall clock of the zone shows ``HH:MM`` on that day.

    Where the hour comes twice, the first; where it is skipped, as much later as was skipped.
    """
    return to_millis(datetime.combine(day, time.fromisoformat(clock), zone_info(zone)))


def end_of_day(at: Millis, zone: str) -> Millis:
    """The midnight that ends the local day of the moment."""
    # From noon a day ahead is always the next day, whatever the clock does at night.
    noon = moment_of(local_time(at, zone).date(), "12:00", zone)
    return moment_of(local_time(noon + DAY, zone).date(), "00:00", zone)


def next_local_hour(after: Millis, zone: str, clock: str) -> Millis:
    """The first moment not before ``after`` at which the wall clock of the zone shows ``HH:MM``."""
    day = local_time(after, zone).date()
    # A clock put back may show the hour again on the same day; only its first showing counts.
    moments = (moment_of(day + number * _DAY, clock, zone) for number in range(3))
    return next(moment for moment in moments if moment >= after)


def is_waking(at: Millis, zone: str, earliest: str, latest: str) -> bool:
    """Whether the wall clock of the zone is in ``[earliest, latest)``."""
    now = local_time(at, zone)
    return earliest <= f"{now.hour:02}:{now.minute:02}" < latest


def next_waking(after: Millis, zone: str, earliest: str, latest: str) -> Millis:
    """The first moment not before ``after`` in the local hours, as far as the beginning of a day's hours can tell.

    Where the clock skips over all of a short span, that day has none.
    """
    moment = after
    while not is_waking(moment, zone, earliest, latest):
        moment = next_local_hour(moment + 1, zone, earliest)
    return moment


def spread(customer: str, about: str, width: Millis) -> Millis:
    """A delay in ``[0, width)`` that is the same each time, so that a crowd does not move at once."""
    return int(fraction("spread", about, customer) * width) if width else 0


def next_birthday(profile: Profile, defaults: Defaults, after: Millis) -> tuple[Millis, int] | None:
    """When the customer is to be congratulated next, later than ``after``, and the year it is for.

    At the greeting time in the customer's zone. The year is that of their calendar: a lunar birthday late in the year
    falls into the next solar one, and a solar year may hold two of them or none. None where no birthday is known.
    """
    if not profile.birthday:
        return None
    zone = zone_of(profile, defaults)
    clock, leap_day = defaults.place.greeting_time, defaults.place.leap_day
    return _next(after, zone, clock, "lunar" if profile.lunar else "solar", profile.birthday[-5:], leap_day)


def next_festival(
    defaults: Defaults, zone: str, locale: str, region: str, after: Millis
) -> tuple[Millis, str, int] | None:
    """The next festival that is kept there, later than ``after``: moment of greeting, its id, year of its calendar."""
    zone = zone if is_zone(zone) else defaults.place.zone
    language = (locale or defaults.place.locale).split("-")[0].lower()
    coming = [
        (*_next(after, zone, defaults.place.greeting_time, one.calendar, one.date, "03-01"), one.id)
        for one in defaults.festivals
        if _is_kept(one, language, region)
    ]
    if not coming:
        return None
    moment, year, festival = min(coming)
    return moment, festival, year


def _is_kept(festival: Festival, language: str, region: str) -> bool:
    spoken = not festival.languages or language in festival.languages
    return spoken and (not festival.regions or region in festival.regions)


def _next(after: Millis, zone: str, clock: str, calendar: str, month_day: str, leap_day: str) -> tuple[Millis, int]:
    # A lunar year begins up to seven weeks after the solar one: the day sought may belong to last year's.
    this_year = local_time(after, zone).year
    for year in range(this_year - 1, this_year + _YEARS_AHEAD):
        moment = _moment_in(year, calendar, month_day, leap_day, clock, zone)
        if moment > after:
            return moment, year
    raise AssertionError("every year has each month and day of both calendars")


@lru_cache(maxsize=16_384)
def _moment_in(year: int, calendar: str, month_day: str, leap_day: str, clock: str, zone: str) -> Millis:
    return moment_of(_day_in(year, calendar, month_day, leap_day), clock, zone)


@lru_cache(maxsize=4096)
def _day_in(year: int, calendar: str, month_day: str, leap_day: str) -> date:
    month, day = int(month_day[:2]), int(month_day[3:])
    return _lunar_day(year, month, day) if calendar == "lunar" else _solar_day(year, month, day, leap_day)


def _solar_day(year: int, month: int, day: int, leap_day: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        # 29 February in other years; contracts admit 30 February and 31 April too, which nobody was born on.
        if (month, day) == (2, 29):
            return date(year, int(leap_day[:2]), int(leap_day[3:]))
        return date(year, month + 1, 1) - _DAY


def _lunar_day(year: int, month: int, day: int) -> date:
    """In the ordinary month of that number, never in the leap month that may follow; day 30 of a short month is 29."""
    its = _lunar_year(year).getMonth(month)
    solar = Solar.fromJulianDay(its.getFirstJulianDay() + min(day, its.getDayCount()) - 1)
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@lru_cache(maxsize=256)
def _lunar_year(year: int) -> LunarYear:
    """Its months, reckoned once: that takes 2 ms, and the library remembers a single year."""
    return LunarYear.fromYear(year)
