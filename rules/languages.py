"""Which of several languages a reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TypeVar

from babel.languages import get_official_languages

Told = TypeVar("Told")
_COUNTRY = 2


def of_language(locale: str, told: Mapping[str, Told]) -> Told | None:
    """The entry for a locale: itself, what it begins with, its language; else ``*``."""
    parts = locale.lower().split("-")
    known = {key.lower(): value for key, value in told.items()}
    for length in range(len(parts), 0, -1):
        found = known.get("-".join(parts[:length]))
        if found is not None:
            return found
    return known.get("*")


def best(known: Iterable[str], *wanted: str) -> str | None:
    """The language for the first of these locales that has one: itself, its language, any other of that language.

    Args:
        known: locales in lower case.
        wanted: locales, the most wanted first.
    """
    return _best(tuple(known), wanted)


@lru_cache(maxsize=4_096)
def _best(known: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    keys = sorted(known)
    for locale in wanted:
        spoken = locale.lower()
        near = [spoken, spoken.split("-")[0]]
        near += [key for key in keys if key.split("-")[0] == near[1]]
        found = next((key for key in near if key in keys), None)
        if found:
            return found
    return None


@cache
def languages_for(locale: str, own: str) -> tuple[str, ...]:
    """What a customer is written to in: their own language, else what their country speaks (CLDR), else the store's.

    Args:
        locale: the customer's (BCP 47), ``""`` where it is not known. Its country is the one that it names: ``pl-DE``.
        own: the store's.
    """
    country = next((part.upper() for part in locale.split("-")[1:] if len(part) == _COUNTRY and part.isalpha()), "")
    spoken = get_official_languages(country, de_facto=True) if country else ()
    return tuple(dict.fromkeys([*([locale] if locale else []), *(one.replace("_", "-") for one in spoken), own]))
