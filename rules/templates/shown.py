"""Values as the reader writes them: dates, money, numbers and words by language and region (CLDR)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_time, match_skeleton
from babel.numbers import format_decimal

from rules.templates import cldr
from rules.templates.cldr import cldr_locale

RawValue = str | int | float | bool

_FAR: Final = 334
"""Days, about eleven months: beyond them a date is told with its year."""
_EVERY_E: Final = re.compile("E+")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who reads: their locale, the day it is there, and whether room is scarce (an SMS)."""

    locale: str
    today: date
    short: bool = False

    @property
    def cldr(self) -> Locale:
        """The locale, or the nearest that CLDR knows."""
        return cldr_locale(self.locale)

    @property
    def language(self) -> str:
        return language_of(self.locale)


def language_of(locale: str) -> str:
    """Its language, as a bare code."""
    return locale.split("-")[0].lower()


class Missing(ValueError):
    """A template asks for a value that is not known."""


class Shown:
    """A value in a template: compared as it is, written in the reader's format."""

    __slots__ = ("name", "raw", "text")

    def __init__(self, name: str, raw: RawValue, text: str) -> None:
        self.name, self.raw, self.text = name, raw, text

    def __str__(self) -> str:
        if self.text == "":
            raise Missing(f"no value for {{{{ {self.name} }}}}")
        return self.text

    def __liquid__(self) -> RawValue | None:
        """What conditions see; nothing where nothing is known, so that ``{% if %}`` asks whether it is."""
        return None if self.raw == "" else self.raw


def day(iso: str, reader: Audience, *, weekday: bool = True) -> str:
    """A date (YYYY-MM-DD): ``Tuesday, November 14``, ``Dienstag, 14. November``, ``11月14日（周二）``."""
    when = date.fromisoformat(iso)
    year = "y" if abs((when - reader.today).days) > _FAR else ""
    return (_short_day if reader.short else _long_day if weekday else _day_alone)(when, year, reader.locale)


def moment(at: datetime, reader: Audience) -> str:
    """A moment, in the zone that it carries: ``Nov 14, 10:00 AM``."""
    when = Audience(reader.locale, reader.today, short=True)
    return f"{day(at.date().isoformat(), when)}, {_clock(at.hour, at.minute, reader.locale)}"


def money(minor: int, currency: str, reader: Audience) -> str:
    """An amount in minor units: ``$64.50``, ``64,50 €``, ``¥64.50``."""
    return _plain(cldr.money(minor, currency, reader.locale), reader)


def number(value: float, reader: Audience) -> str:
    """A number with thousands marked; decimals with one place."""
    return _number(round(value, 1), reader.locale)


def percent(share: int, reader: Audience) -> str:
    """Percent as the language writes it; in Chinese what is left to pay, ``8.5 折``."""
    if reader.language == "zh":
        left = f"{(100 - share) / 10:g}"
        return f"{left}折" if reader.short else f"{left} 折"
    gap = {"de": "\u00a0", "fr": "\u00a0"}.get(reader.language, "")
    return _plain(f"{share}{gap}%", reader)


def plural(count: float, reader: Audience, forms: dict[str, str]) -> str:
    """The form for a number by the language's plural rules."""
    return forms.get(reader.cldr.plural_form(count), forms["other"])


# Days, hours and small numbers come again and again, and CLDR takes as long for one as the rest of a message.
@lru_cache(maxsize=2_048)
def _short_day(when: date, year: str, locale: str) -> str:
    skeleton = "Md" if language_of(locale) == "de" else "MMMd"
    return format_date(when, _pattern(f"{year}{skeleton}", locale), cldr_locale(locale))


@lru_cache(maxsize=2_048)
def _long_day(when: date, year: str, locale: str) -> str:
    if language_of(locale) == "zh":
        return f"{_day_alone(when, year, locale)}（{format_date(when, 'EEE', cldr_locale(locale))}）"
    return format_date(when, _EVERY_E.sub("EEEE", _pattern(f"{year}MMMMEd", locale)), cldr_locale(locale))


@lru_cache(maxsize=2_048)
def _day_alone(when: date, year: str, locale: str) -> str:
    skeleton = "MMMd" if language_of(locale) == "zh" else "MMMMd"
    return format_date(when, _EVERY_E.sub("EEEE", _pattern(f"{year}{skeleton}", locale)), cldr_locale(locale))


@lru_cache(maxsize=2_048)
def _clock(hour: int, minute: int, locale: str) -> str:
    return format_time(time(hour, minute), "short", locale=cldr_locale(locale))


@lru_cache(maxsize=2_048, typed=True)
def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=cldr_locale(locale))


def _pattern(skeleton: str, locale: str) -> str:
    skeletons = cldr_locale(locale).datetime_skeletons
    found = skeleton if skeleton in skeletons else match_skeleton(skeleton, skeletons)
    return str(skeletons[found or "MMMd"].pattern)


def _plain(text: str, reader: Audience) -> str:
    """In an SMS a no-break space would cost half of its letters."""
    return text.replace("\u00a0", " ").replace("\u202f", " ") if reader.short else text
