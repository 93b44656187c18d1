"""How values are shown in texts for the store's own use, which are in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import NumberPattern

from rules.fact_types import FactType
from rules.templates.cldr import cldr_locale, money, with_decimals
from schemas.times import to_datetime

_ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class Format:
    """One way to show a value."""

    meaning: str
    kinds: tuple[FactType, ...]
    show: Callable[[Any, Mapping[str, Any]], str]
    """From the value, and all values of the text."""


def _number(value: float, decimals: int) -> str:
    shown: str = _number_pattern(decimals).apply(value, cldr_locale(_ENGLISH))
    return shown


@cache
def _number_pattern(decimals: int) -> NumberPattern:
    return with_decimals(cldr_locale(_ENGLISH).decimal_formats[None].pattern, decimals)


def _day(iso: str) -> str:
    return format_date(date.fromisoformat(iso), "long", cldr_locale(_ENGLISH))


_NUMBERS: Final = (FactType.INT, FactType.DOUBLE)
FORMATS: Final = {
    "text": Format(
        "as it is; decimals with one place",
        (*_NUMBERS, FactType.STRING, FactType.BOOL),
        lambda value, _: _number(value, 1) if isinstance(value, float) else str(value),
    ),
    "number": Format("with thousands marked", _NUMBERS, lambda value, _: _number(value, 0)),
    "money": Format(
        "minor units, in the currency that the value `currency` names",
        (FactType.INT,),
        lambda value, values: money(value, values["currency"], _ENGLISH),
    ),
    "date": Format("a date (YYYY-MM-DD) in words", (FactType.STRING,), lambda value, _: _day(value)),
    "moment": Format(
        "a moment (milliseconds since 1970) as date and time in UTC",
        (FactType.INT,),
        lambda value, _: to_datetime(value).strftime("%Y-%m-%d %H:%M UTC"),
    ),
    "percent": Format("a share from 0 to 1 as percent", (FactType.DOUBLE,), lambda value, _: f"{value * 100:.0f} %"),
}
"""All formats by name."""
