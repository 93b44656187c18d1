"""Facts about the day: festivals near and far, public holidays and working days, where the customer lives."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from rules.calendar import local_time
from rules.context import EventContext
from rules.countries import country_of_customer
from rules.defaults import Defaults
from rules.fact_types import FactType
from rules.facts.fact import Fact
from rules.festivals import FestivalDay
from rules.working_days import announced, holiday, is_working_day

_SOON: Final = 14
_FAR: Final = 400
"""Days ahead that are looked at: more than a lunar year with its leap month."""


def country(context: EventContext) -> str:
    """The country that the customer lives in."""
    return country_of_customer(context.record.profile, context.defaults)


def today(context: EventContext) -> date:
    """The date where the customer lives."""
    return local_time(context.at, context.zone).date()


def _festivals(context: EventContext, first: int, last: int) -> list[FestivalDay]:
    """From so many days ahead to so many."""
    calendar, now = context.rulebook.festivals, today(context)
    keeper = calendar.keeper(context.record.profile)
    return calendar.days(keeper, now + timedelta(days=first), now + timedelta(days=last))


def _names(context: EventContext, first: int, last: int) -> list[str]:
    return [one.id for one in _festivals(context, first, last)]


def _next_name(context: EventContext) -> str:
    return next(iter(_names(context, 0, _FAR)), "")


def _next_days(context: EventContext) -> int:
    coming = _festivals(context, 0, _FAR)
    return (coming[0].day - today(context)).days if coming else _FAR


def _known(defaults: Defaults) -> tuple[str, ...]:
    return tuple(festival.id for festival in defaults.festivals)


DAYS = (
    Fact("profile.country", FactType.STRING, "ISO 3166", "the country the customer lives in: by zone, locale or store",
         country, unknown="empty"),
    Fact("now.working_day", FactType.BOOL, "yes or no",
         "whether today is worked there: no weekend, no public holiday, or a weekend day that makes up for one",
         lambda s: is_working_day(today(s), country(s))),
    Fact("now.holiday", FactType.STRING, "text", "the public holiday that it is there today, by its name in English",
         lambda s: holiday(today(s), country(s)), unknown="empty on other days", optional=True),
    Fact("now.days_announced", FactType.BOOL, "yes or no",
         "whether this year's make-up days are known there; if not, weekends are taken for free days",
         lambda s: announced(today(s).year, country(s))),
    Fact("festival.today", FactType.STRINGS, "names", "festivals and days of the defaults that are today",
         lambda s: _names(s, 0, 0), unknown="empty list"),
    Fact("festival.soon", FactType.STRINGS, "names", f"those of the next {_SOON} days, today not counted",
         lambda s: _names(s, 1, _SOON), unknown="empty list"),
    Fact("festival.next", FactType.STRING, "name", "the next one, today included", _next_name, unknown="empty",
         choices=_known),
    Fact("festival.next_days", FactType.INT, "days", "days until it; 0 for today", _next_days, unknown=str(_FAR)),
)  # fmt: skip
"""Facts of the day. They are read again when a held action is decided on."""
