"""Which of several languages a reader gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TypeVar

from babel.languages import get_official_languages

from rules.traditional import CHINESE, TRADITIONAL, in_traditional, is_traditional

Told = TypeVar("Told")
_COUNTRY = 2


def of_language(locale: str, told: Mapping[str, Told]) -> Told | None:
    """The entry for a locale: itself, what it begins with, its language; else ``*``."""
    return _entry(locale, told)[1]


def said_in(locale: str, told: Mapping[str, Told]) -> Told | None:
    """The same for texts: Simplified Chinese is written in Traditional characters for who reads them."""
    key, found = _entry(locale, told)
    return as_read(found, key, locale) if found is not None else None


def as_read(told: Told, key: str, locale: str) -> Told:
    """What is told under the key of a language, in the characters that readers of this locale write."""
    simplified = key.split("-")[0].lower() == CHINESE and not is_traditional(key)
    return in_traditional(told, locale) if simplified and is_traditional(locale) else told


def _entry(locale: str, told: Mapping[str, Told]) -> tuple[str, Told | None]:
    known = {key.lower(): value for key, value in told.items()}
    key = next((key for key in _spellings(locale) if known.get(key) is not None), "*")
    return key, known.get(key)


@lru_cache(maxsize=4_096)
def _spellings(locale: str) -> tuple[str, ...]:
    """What a locale may be listed under, the nearest first: Traditional characters before bare ``zh``."""
    parts = locale.lower().split("-")
    found = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    if is_traditional(locale):
        country = parts[-1]
        found[-1:-1] = [f"{TRADITIONAL}-{country}", f"{CHINESE}-{country}", TRADITIONAL]
    return tuple(dict.fromkeys(found))


def best(known: Iterable[str], *wanted: str) -> str | None:
    """The language for the first of these locales that has one: itself, its language, any other of that language.

    Args:
        known: locales in lower case.
        wanted: locales, the most wanted first.
    """
    return _best(tuple(known), wanted)


@lru_cache(maxsize=4_096)
def _best(known: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    keys = sorted(known, key=lambda key: (is_traditional(key), key))
    for locale in wanted:
        near = list(_spellings(locale))
        like = [key for key in keys if key.split("-")[0] == near[-1]]
        if is_traditional(locale):
            near[-1:-1] = [key for key in like if is_traditional(key)]
        found = next((key for key in (*near, *like) if key in keys), None)
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
