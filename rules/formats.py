"""How values are shown in a text, by language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rules.kinds import Kind
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
    kinds: tuple[Kind, ...]
    show: Callable[[Any, Mapping[str, Any], Speech], str]


_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥"}
_DECIMALS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
"""Minor units of ISO 4217 where there are not two decimals."""


def money(minor: int, currency: str, language: str) -> str:
    """An amount as people write it: ``$1,234.50``, ``1.234,50 €``."""
    decimals = _DECIMALS.get(currency, 2)
    number = _number(minor / 10**decimals, decimals, language)
    symbol = _SYMBOLS.get(currency, "")
    if language == "de":
        return f"{number} {symbol or currency}"
    return f"{symbol}{number}" if symbol else f"{currency} {number}"


def day(iso: str, language: str) -> str:
    """A date (YYYY-MM-DD) as people write it."""
    when = date.fromisoformat(iso)
    if language == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    if language not in _MONTHS:
        return iso
    dot = "." if language == "de" else ""
    return f"{when.day}{dot} {_MONTHS[language].split()[when.month - 1]} {when.year}"


def _number(value: float, decimals: int, language: str) -> str:
    shown = f"{value:,.{decimals}f}"
    return shown.translate(str.maketrans(",.", ".,")) if language == "de" else shown


def _word(value: str, values: Mapping[str, Any], speech: Speech) -> str:
    known = speech.words.get(value, {})
    if speech.language not in known:
        raise KeyError(f"no word for {value!r} in {speech.language!r}")
    return known[speech.language]


def _money(value: int, values: Mapping[str, Any], speech: Speech) -> str:
    return money(value, values["currency"], speech.language)


def _clock(value: int, values: Mapping[str, Any], speech: Speech) -> str:
    return to_datetime(value).strftime("%Y-%m-%d %H:%M UTC")


_NUMBERS: Final = (Kind.INT, Kind.DOUBLE)
FORMATS: Final = {
    "text": Format(
        "as it is; decimals with one place",
        (*_NUMBERS, Kind.STRING, Kind.BOOL),
        lambda value, _, speech: _number(value, 1, speech.language) if isinstance(value, float) else str(value),
    ),
    "number": Format("with thousands marked", _NUMBERS, lambda value, _, speech: _number(value, 0, speech.language)),
    "money": Format("minor units, in the currency that the value `currency` names", (Kind.INT,), _money),
    "date": Format(
        "a date (YYYY-MM-DD) in words", (Kind.STRING,), lambda value, _, speech: day(value, speech.language)
    ),
    "moment": Format("a moment (milliseconds since 1970) as date and time in UTC", (Kind.INT,), _clock),
    "percent": Format("a share from 0 to 1 as percent", (Kind.DOUBLE,), lambda value, _, __: f"{value * 100:.0f} %"),
    "word": Format("what the file's `words` call it in the language of the text", (Kind.STRING,), _word),
}
"""All formats by name."""
