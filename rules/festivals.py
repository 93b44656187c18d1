"""The festivals of a rulebook, day by day, for those who keep them."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from rules.calendar import day_in, moment_of, year_at, zone_of
from rules.countries import country_of_customer, language_of_customer
from rules.defaults import Defaults, Festival
from rules.lunar import tradition_of
from schemas.profile import Profile
from schemas.times import Millis

_NO_LEAP_DAY: Final = "03-01"
_REMEMBERED: Final = 1_024
"""Years of groups of customers: they differ in zone, country and language, and in region where a festival does."""


class Keeper(NamedTuple):
    """What decides which festivals a customer keeps, and when these are."""

    language: str
    country: str
    region: str
    zone: str


class FestivalDay(NamedTuple):
    """A festival in one year."""

    day: date
    id: str
    year: int
    """Of the calendar that it goes by."""


class FestivalMoment(NamedTuple):
    """When a festival triggers rules."""

    moment: Millis
    trigger: str
    """``festival``, or ``festival.ahead`` some days before."""
    id: str
    year: int

    @property
    def ref(self) -> str:
        """Festival and year, as occasions have them."""
        return f"{self.id}-{self.year}"


class FestivalCalendar:
    """When customers keep the festivals of a rulebook: reckoned once for each year and group of customers."""

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._regions = {region for festival in defaults.festivals for region in festival.regions}
        self._days = lru_cache(maxsize=_REMEMBERED)(self._days_of)
        self._moments = lru_cache(maxsize=_REMEMBERED)(self._moments_of)

    def keeper(self, profile: Profile) -> Keeper:
        """What decides for this customer; what they have not told is the store's."""
        return Keeper(
            language_of_customer(profile, self._defaults),
            country_of_customer(profile, self._defaults),
            profile.region if profile.region in self._regions else "",
            zone_of(profile, self._defaults),
        )

    def next(self, keeper: Keeper, after: Millis) -> FestivalMoment | None:
        """The first moment later than ``after`` at which one triggers rules."""
        year = year_at(after, keeper.zone)
        for moments in (self._moments(keeper, year), self._moments(keeper, year + 1)):
            place = bisect_right(moments, after, key=lambda one: one.moment)
            if place < len(moments):
                return moments[place]
        return None

    def at(self, keeper: Keeper, moment: Millis) -> list[FestivalMoment]:
        """All that trigger rules at this moment."""
        moments = self._moments(keeper, year_at(moment, keeper.zone))
        return [one for one in moments if one.moment == moment]

    def days(self, keeper: Keeper, first: date, last: date) -> list[FestivalDay]:
        """Those from the one day to the other, both included."""
        years = range(first.year, last.year + 1)
        return [one for year in years for one in self._days(keeper, year) if first <= one.day <= last]

    def _days_of(self, keeper: Keeper, year: int) -> tuple[FestivalDay, ...]:
        kept = [one for one in self._defaults.festivals if _keeps(keeper, one)]
        # The days of a lunar year's end fall into the next solar one.
        found = [_day(one, number, keeper) for one in kept for number in (year - 1, year)]
        return tuple(sorted(one for one in found if one.day.year == year))

    def _moments_of(self, keeper: Keeper, year: int) -> tuple[FestivalMoment, ...]:
        found = [moment for near in (year, year + 1) for moment in self._triggering(keeper, near)]
        return tuple(sorted(one for one in found if year_at(one.moment, keeper.zone) == year))

    def _triggering(self, keeper: Keeper, year: int) -> list[FestivalMoment]:
        by_id = {one.id: one for one in self._defaults.festivals}
        found = []
        for day, name, number in self._days(keeper, year):
            festival = by_id[name]
            if festival.greet:
                found.append(FestivalMoment(self._greeted(day, keeper), "festival", name, number))
            if festival.ahead:
                before = self._greeted(day - timedelta(days=festival.ahead), keeper)
                found.append(FestivalMoment(before, "festival.ahead", name, number))
        return found

    def _greeted(self, day: date, keeper: Keeper) -> Millis:
        return moment_of(day, self._defaults.place.greeting_time, keeper.zone)


def _keeps(keeper: Keeper, festival: Festival) -> bool:
    """Whether this customer keeps it: by language, country and region, as far as it says."""
    return all(
        not named or told in named
        for named, told in (
            (festival.languages, keeper.language),
            (festival.countries, keeper.country),
            (festival.regions, keeper.region),
        )
    )


def _day(festival: Festival, year: int, keeper: Keeper) -> FestivalDay:
    if festival.moves is not None:
        return FestivalDay(festival.moves.of(year), festival.id, year)
    tradition = tradition_of(keeper.language, keeper.country) if festival.calendar == "lunar" else None
    return FestivalDay(day_in(year, tradition, str(festival.date), _NO_LEAP_DAY), festival.id, year)
