"""What the calendars do not know yet: make-up working days that a government has still to announce."""

from __future__ import annotations

from datetime import date, timedelta

from rules.countries import country_of_zone
from rules.rulebook import Rulebook
from rules.working_days import last_announced

_AHEAD = timedelta(days=30)
"""Callbacks and what rules ask of coming days reach about as far."""


def calendar_warnings(book: Rulebook, today: date) -> list[str]:
    """What to tell the people of the store about its country; empty where everything is known."""
    country, year = country_of_zone(book.defaults.place.zone), (today + _AHEAD).year
    last = last_announced(country)
    if last is None or year <= last:
        return []
    return [
        f"The make-up working days of {country} are known up to {last}, and those of {year} are not: weekends count as "
        f"free days there. Install a newer version of the package holidays when they are announced"
    ]
