"""What CLDR knows of languages and regions: the locale of a tag, and how amounts of money are written there."""

from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern

from schemas.currencies import DIGITS, major


@cache
def cldr_locale(tag: str) -> Locale:
    """The CLDR locale of a BCP 47 tag; subtags that it does not know are left out, from the right."""
    parts = tag.replace("_", "-").split("-")
    while parts:
        try:
            return Locale.parse("-".join(parts), sep="-")
        except (UnknownLocaleError, ValueError):
            parts.pop()
    return Locale.parse("en")


def money(minor: int, currency: str, tag: str) -> str:
    """An amount as people write it: ``$1,234.50``, ``1.234,50 €``; with the digits of ISO 4217."""
    locale = cldr_locale(tag)
    shown: str = _money_pattern(tag, currency).apply(
        major(minor, currency), locale, currency=currency, currency_digits=False
    )
    return shown


@cache
def _money_pattern(tag: str, currency: str) -> NumberPattern:
    locale = cldr_locale(tag)
    usual = locale.currency_formats["standard"].pattern
    # A symbol of letters does not stick to its number: CHF 5, but $5.
    if usual.startswith("¤#") and get_currency_symbol(currency, locale)[-1].isalpha():
        usual = usual.replace("¤", "¤\u00a0")
    return with_decimals(usual, DIGITS[currency])


def with_decimals(usual: str, decimals: int) -> NumberPattern:
    """The pattern of numbers that always has this many decimals."""
    pattern = parse_pattern(usual)
    pattern.frac_prec = (decimals, decimals)
    return pattern
