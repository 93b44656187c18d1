"""Local time: hours, days and birthdays in the customer's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from rules.countries import country_of_customer, language_of_customer
from rules.defaults import Defaults
from rules.lunar import Tradition, lunar_day, tradition_of
from rules.zones import is_zone, zone_info
from schemas.ids import fraction
from schemas.profile import Profile
from schemas.times import DAY, Millis, to_datetime, to_millis

_DAY = timedelta(days=1)
_YEARS_AHEAD = 3
"""Each year has each day, or one that stands for it."""


def local_time(at: Millis, zone: str) -> datetime:
    """The moment on the wall clock of the zone.

    Raises:
        ValueError: there is no such zone.
    """
    return to_datetime(at).astimezone(zone_info(zone))


def year_at(at: Millis, zone: str) -> int:
    """The year on the wall clock of the zone."""
    return _year_of_day(at // DAY, zone) or local_time(at, zone).year


@lru_cache(maxsize=4_096)
def _year_of_day(day: int, zone: str) -> int:
    """The year that this wall clock shows on a day of UTC; 0 for the day within which it turns."""
    first, last = local_time(day * DAY, zone).year, local_time((day + 1) * DAY - 1, zone).year
    return first if first == last else 0


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
    falls into the next solar one, and a solar year may hold two of them or none. Who was born in a leap month keeps
    the ordinary month of that number. Returns None where no birthday is known.
    """
    if not profile.birthday:
        return None
    zone, place = zone_of(profile, defaults), defaults.place
    tradition = tradition_of_customer(profile, defaults) if profile.lunar else None
    this_year = year_at(after, zone)
    # A lunar year begins up to seven weeks after the solar one: the day sought may belong to last year's.
    for year in range(this_year - 1 if tradition else this_year, this_year + _YEARS_AHEAD):
        day = day_in(year, tradition, profile.birthday[-5:], place.leap_day)
        moment = _moment_of(day, place.greeting_time, zone)
        if moment > after:
            return moment, year
    raise AssertionError("every year has each month and day of all calendars")


def tradition_of_customer(profile: Profile, defaults: Defaults) -> Tradition:
    """The lunar calendar that the customer keeps."""
    return tradition_of(language_of_customer(profile, defaults), country_of_customer(profile, defaults))


@lru_cache(maxsize=4096)
def day_in(year: int, tradition: Tradition | None, month_day: str, leap_day: str) -> date:
    """The day of a year, solar where no lunar calendar is named; ``leap_day`` stands for a 29 February in others."""
    month, day = int(month_day[:2]), int(month_day[3:])
    return lunar_day(year, month, day, tradition) if tradition else _solar_day(year, month, day, leap_day)


def _solar_day(year: int, month: int, day: int, leap_day: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        # 29 February in other years; contracts admit 30 February and 31 April too, which nobody was born on.
        if (month, day) == (2, 29):
            return date(year, int(leap_day[:2]), int(leap_day[3:]))
        return date(year, month + 1, 1) - _DAY


_moment_of = lru_cache(maxsize=16_384)(moment_of)
"""The greeting times of days: many customers have theirs on the same."""
