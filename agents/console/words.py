"""The console's words: one catalogue a language, and the forms of numbers, money, dates and spans in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from schemas.times import DAY, HOUR, MINUTE, SECOND, Millis, to_datetime

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "zh-CN": "中文"}
_FALLBACK: Final = "en"


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """All words of a language, by dotted key."""
    text = (resources.files("agents.console") / "words" / f"{language}.yaml").read_text(encoding="utf-8")
    return dict(_flat(yaml.safe_load(text)))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Any:
    for name, value in tree.items():
        if isinstance(value, dict) and "other" not in value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def language_of(chosen: str, accepted: str) -> str:
    """The language to speak: the one chosen, else the first that the browser asks for and we know."""
    if chosen in LANGUAGES:
        return chosen
    for part in accepted.split(","):
        wanted = part.split(";")[0].strip().lower()
        for known in LANGUAGES:
            if wanted and wanted.split("-")[0] == known.lower().split("-")[0]:
                return known
    return _FALLBACK


_LEAST_SHARE: Final = 0.005
"""What rounds to a whole percent."""


# Babel takes its time for each, and most of what a page shows it has shown a moment ago.
_REMEMBERED: Final = 16_384


@lru_cache(_REMEMBERED, typed=True)
def _decimal(value: float, pattern: str | None, locale: Locale) -> str:
    return format_decimal(value, format=pattern, locale=locale)


@lru_cache(_REMEMBERED)
def _percent(share: float, locale: Locale) -> str:
    return format_percent(share, locale=locale)


@lru_cache(_REMEMBERED)
def _amount(minor: int, currency: str, locale: Locale) -> str:
    return format_currency(minor / 10 ** get_currency_precision(currency), currency, locale=locale)


@lru_cache(_REMEMBERED)
def _day_as(day: date, pattern: str, locale: Locale) -> str:
    return format_date(day, pattern, locale=locale)


class Words:
    """The console in one language, with times of one zone.

    Args:
        language: one of ``LANGUAGES``.
        zone: whose clock is shown.
    """

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.zone = ZoneInfo(zone)
        self._catalogue = catalogue(language)
        self._locale = Locale.parse(language.replace("-", "_"))

    def __call__(self, key: str, n: float | None = None, **values: object) -> str:
        """The words under a key, with its slots filled; ``n`` chooses the plural and fills ``{n}``.

        Raises:
            KeyError: there are no such words; a test holds all catalogues complete.
        """
        found = self._catalogue[key]
        if isinstance(found, dict):
            found = found.get(self._locale.plural_form(n or 0), found["other"])
        filled = {name: self.shown(value) for name, value in values.items()}
        if n is not None:
            filled["n"] = self.number(n)
        return str(found).format(**filled) if filled else str(found)

    def has(self, key: str) -> bool:
        """Whether there are words under this key."""
        return key in self._catalogue

    def named(self, family: str, name: str) -> str:
        """The words for one of a family, such as a stage; a name that a store made up stands for itself."""
        found = f"{family}.{name}"
        return self(found) if self.has(found) else name.replace("_", " ")

    def shown(self, value: object) -> str:
        """A value in a sentence: numbers in the language's form."""
        return self.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with its separators."""
        if digits is None:
            return _decimal(value, None, self._locale)
        return _decimal(round(value, digits), f"#,##0.{'0' * digits}" if digits else "#,##0", self._locale)

    def percent(self, share: float) -> str:
        """A share of one in whole percent, in the language's form: ``64%``; ``< 1%`` where it is not quite nothing."""
        if 0 < share < _LEAST_SHARE:
            return f"< {_percent(0.01, self._locale)}"
        return _percent(share, self._locale)

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units; without a currency as it is."""
        if not currency:
            return self.number(minor)
        return _amount(minor, currency, self._locale)

    # ------------------------------------------------------------ times

    def local(self, moment: Millis) -> datetime:
        """The moment on the console's clock."""
        return to_datetime(moment).astimezone(self.zone)

    def time(self, moment: Millis) -> str:
        """``13:48``."""
        return f"{self.local(moment):%H:%M}"

    def day(self, moment: Millis, now: Millis | None = None) -> str:
        """``Tue 14 Nov``; with the year where it is another one than now's."""
        local = self.local(moment)
        same = now is None or self.local(now).year == local.year
        return self._skeleton("dates.day" if same else "dates.day_year", local)

    def long_day(self, moment: Millis) -> str:
        """``Tue 14 Nov 2017``."""
        return self._skeleton("dates.day_year", self.local(moment))

    def short_day(self, moment: Millis) -> str:
        """``14 Nov``."""
        return self._skeleton("dates.short", self.local(moment))

    def heading(self, moment: Millis, now: Millis) -> str:
        """A day as a heading: ``Today``, ``Yesterday``, ``Monday 13 November``."""
        days = (self.local(now).date() - self.local(moment).date()).days
        if days in (0, 1):
            return self("dates.today" if days == 0 else "dates.yesterday")
        return self._skeleton("dates.heading", self.local(moment))

    def month(self, moment: Millis) -> str:
        """``November 2017``."""
        return self._skeleton("dates.month", self.local(moment))

    def weekday(self, moment: Millis) -> str:
        """``Tuesday``."""
        return self._skeleton("dates.weekday", self.local(moment))

    def when(self, moment: Millis, now: Millis) -> str:
        """The time today, the day otherwise."""
        return self.time(moment) if self.local(moment).date() == self.local(now).date() else self.day(moment, now)

    def stamp(self, moment: Millis, now: Millis) -> str:
        """The same for a narrow column: another year's days without their weekday."""
        if self.local(moment).year != self.local(now).year:
            return self._skeleton("dates.short_year", self.local(moment))
        return self.when(moment, now)

    def by_moment(self, moment: Millis, now: Millis) -> str:
        """A moment in a sentence: the time where it is today, else the day with its time."""
        if self.local(moment).date() == self.local(now).date():
            return self.time(moment)
        return f"{self.day(moment, now)} {self.time(moment)}"

    def by(self, moment: Millis, now: Millis) -> str:
        """A deadline in a sentence: ``today by 17:00``, ``by Thu 16 Nov, 9:00``."""
        if self.local(moment).date() == self.local(now).date():
            return self("dates.today_by", time=self.time(moment))
        return self("dates.by", day=self.day(moment, now), time=self.time(moment))

    def _skeleton(self, key: str, local: datetime) -> str:
        return _day_as(local.date(), self(key), self._locale)

    def span(self, length: Millis) -> str:
        """A span in its two largest parts: ``3 h 12 min``, ``26 days``."""
        return self._span(abs(length), "spans.days")

    def span_in(self, length: Millis) -> str:
        """The same behind *in* or *ago*, where German has another form: ``in 26 Tagen``."""
        return self._span(abs(length), "spans.days_in")

    def _span(self, length: Millis, days: str) -> str:
        if length >= 2 * DAY:
            return self(days, n=length // DAY)
        if length >= HOUR:
            hours, rest = divmod(length, HOUR)
            return (
                self("spans.hours", hours=hours, minutes=rest // MINUTE)
                if rest >= MINUTE
                else self("spans.only_hours", n=hours)
            )
        if length >= MINUTE:
            return self("spans.minutes", n=length // MINUTE)
        return self("spans.seconds", n=length // SECOND)

    def clock_span(self, length: Millis) -> str:
        """Time left as on a clock: ``3:12``; past: ``−1:36``; more than two days: ``3 d``."""
        sign = "−" if length < 0 else ""
        if abs(length) >= 3 * DAY:
            return sign + self("spans.short_days", n=abs(length) // DAY)
        minutes = abs(length) // MINUTE
        return f"{sign}{minutes // 60}:{minutes % 60:02d}"

    def listed(self, parts: Sequence[str]) -> str:
        """``a, b and c``."""
        if len(parts) < 2:
            return "".join(parts)
        return self("lists.last").join([self("lists.comma").join(parts[:-1]), parts[-1]])
