"""Stage 4, cells: texts, ids, yes and no, phone numbers, freed from what programs dress them in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agents.imports.problems import BadValue

_NOTHING: Final = frozenset(
    ("", "null", "none", "nan", "nat", "n/a", "#n/a", "\\n", "(null)", "0000-00-00", "0000-00-00 00:00:00")
)
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_POINT_ZERO: Final = re.compile(r"(\d+)\.0+")
_YES: Final = frozenset(("yes", "true", "1", "y", "t", "x", "ja", "oui", "si", "sí", "sim", "subscribed", "是", "on"))
_NO: Final = frozenset(("no", "false", "0", "n", "f", "nein", "non", "não", "unsubscribed", "否", "off"))


def bare(text: str) -> str:
    """A cell's text without blanks around it and without the dressing that keeps a spreadsheet from changing it.

    ``="0012"``, ``'0012`` and, of programs in China, an accent in front are 0012. A formula stays the text that it is.
    """
    text = text.strip()
    if text[:1] == "=" and text[1:2] == '"' and text[-1:] == '"' and len(text) > 2:
        return text[2:-1].strip()
    if text[:1] == "`" and text[1:].isdigit():
        return text[1:]
    if text[:1] == "'" and (text[1:2].isdigit() or text[1:2] in ("+", "-", "=", "@")):
        return text[1:]
    return text


def is_nothing(text: str) -> bool:
    """Whether a cell is empty, or holds a word that programs write for it."""
    return not text or text.lower() in _NOTHING


def identity(field: str, text: str) -> str:
    """An id as it was before a spreadsheet took it for a number.

    Raises:
        BadValue: it is in scientific notation, so that its last digits are lost.
    """
    if _SCIENTIFIC.fullmatch(text):
        raise BadValue(field, f"{text} is an id in scientific notation, so its last digits are lost. Export it as text")
    if found := _POINT_ZERO.fullmatch(text):
        return found[1]
    return text


def is_yes(field: str, text: str) -> bool:
    """Yes or no.

    Raises:
        BadValue: it is neither.
    """
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue(field, f"{text!r} is neither yes nor no")


@lru_cache(maxsize=16_384)
def phone_number(text: str, country: str) -> str:
    """The number in E.164 form; empty where it is none that can be called.

    Args:
        text: with a plus and the country's code, or as it is written in the country.
        country: ISO 3166 code of two letters, or empty.
    """
    import phonenumbers

    try:
        found = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(found):
        return ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
