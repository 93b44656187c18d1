"""The country that a customer lives in, and the language they read, as far as they are told."""

from __future__ import annotations

from functools import cache
from typing import Final

from babel.core import get_global

from rules.defaults import Defaults
from schemas.profile import Profile

_NOWHERE: Final = ("", "ZZ")
_CODE: Final = 2
"""Letters of an ISO 3166 code."""


def country_of_customer(profile: Profile, defaults: Defaults) -> str:
    """Where the customer lives, by ISO 3166: their zone tells, else the country that their locale names, else the
    store's zone. A reader of Chinese in New York lives in the United States."""
    return country_of_zone(profile.zone) or _named_by(profile.locale) or country_of_zone(defaults.place.zone)


def language_of_customer(profile: Profile, defaults: Defaults) -> str:
    """The language they read, as a bare code, or the store's where they told none."""
    return (profile.locale or defaults.place.locale).split("-")[0].lower()


@cache
def country_of_zone(zone: str) -> str:
    """The country that a time zone lies in (CLDR); empty for zones of no country, such as UTC."""
    territories = get_global("zone_territories")
    country = str(territories.get(zone) or territories.get(get_global("zone_aliases").get(zone, zone)) or "")
    return "" if country in _NOWHERE else country


@cache
def _named_by(locale: str) -> str:
    parts = locale.split("-")[1:]
    return next((part.upper() for part in parts if len(part) == _CODE and part.isalpha()), "")
