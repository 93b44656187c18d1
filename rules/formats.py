"""How values are shown in a text, by language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern

from rules.fact_types import FactType
from schemas.currencies import DIGITS, major
from schemas.times import to_datetime

Words = Mapping[str, Mapping[str, str]]
"""Word to language to what it is called there."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The language a text is in, and the words it has for names."""

    locale: str
    words: Words

    @property
    def language(self) -> str:
        return self.locale.split("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Format:
    """One way to show a value."""

    meaning: str
    kinds: tuple[FactType, ...]
    show: Callable[[Any, Mapping[str, Any], Speech], str]


def money(minor: int, currency: str, locale: str) -> str:
    """An amount as people write it: ``$1,234.50``, ``1.234,50 €``; with the digits of ISO 4217."""
    pattern = _money_pattern(locale, currency)
    shown: str = pattern.apply(major(minor, currency), _spoken(locale), currency=currency, currency_digits=False)
    return shown


def day(iso: str, locale: str) -> str:
    """A date (YYYY-MM-DD) as people write it."""
    return format_date(date.fromisoformat(iso), "long", _spoken(locale))


@cache
def _spoken(locale: str) -> Locale:
    """What CLDR knows of the locale; English where it knows nothing."""
    try:
        return Locale.parse(locale, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _number(value: float, decimals: int, locale: str) -> str:
    shown: str = _number_pattern(locale, decimals).apply(value, _spoken(locale))
    return shown


@cache
def _number_pattern(locale: str, decimals: int) -> NumberPattern:
    return _with_decimals(_spoken(locale).decimal_formats[None].pattern, decimals)


@cache
def _money_pattern(locale: str, currency: str) -> NumberPattern:
    spoken = _spoken(locale)
    usual = spoken.currency_formats["standard"].pattern
    # A symbol of letters does not stick to its number: CHF 5, but $5.
    if usual.startswith("¤#") and get_currency_symbol(currency, spoken)[-1].isalpha():
        usual = usual.replace("¤", "¤\u00a0")
    return _with_decimals(usual, DIGITS[currency])


def _with_decimals(usual: str, decimals: int) -> NumberPattern:
    pattern = parse_pattern(usual)
    pattern.frac_prec = (decimals, decimals)
    return pattern


def _word(value: str, values: Mapping[str, Any], speech: Speech) -> str:
    known = speech.words.get(value, {})
    if speech.language not in known:
        raise KeyError(f"no word for {value!r} in {speech.language!r}")
    return known[speech.language]


def _money(value: int, values: Mapping[str, Any], speech: Speech) -> str:
    return money(value, values["currency"], speech.locale)


def _clock(value: int, values: Mapping[str, Any], speech: Speech) -> str:
    return to_datetime(value).strftime("%Y-%m-%d %H:%M UTC")


_NUMBERS: Final = (FactType.INT, FactType.DOUBLE)
FORMATS: Final = {
    "text": Format(
        "as it is; decimals with one place",
        (*_NUMBERS, FactType.STRING, FactType.BOOL),
        lambda value, _, speech: _number(value, 1, speech.locale) if isinstance(value, float) else str(value),
    ),
    "number": Format("with thousands marked", _NUMBERS, lambda value, _, speech: _number(value, 0, speech.locale)),
    "money": Format("minor units, in the currency that the value `currency` names", (FactType.INT,), _money),
    "date": Format(
        "a date (YYYY-MM-DD) in words", (FactType.STRING,), lambda value, _, speech: day(value, speech.locale)
    ),
    "moment": Format("a moment (milliseconds since 1970) as date and time in UTC", (FactType.INT,), _clock),
    "percent": Format(
        "a share from 0 to 1 as percent", (FactType.DOUBLE,), lambda value, _, __: f"{value * 100:.0f} %"
    ),
    "word": Format("what the file's `words` call it in the language of the text", (FactType.STRING,), _word),
}
"""All formats by name."""
