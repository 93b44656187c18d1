"""SMS: in which alphabet a text goes, how many parts it takes, and how it is signed (3GPP TS 23.038)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""These take two places: an escape, and the letter."""
_ROOM: Final = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Places in a message alone, and in each part of a longer one."""
_LINK: Final = 43
"""Characters of a link of the usual length."""


@dataclass(frozen=True, slots=True)
class SmsLength:
    """What a text takes."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    """Septets of GSM-7, or code units of UCS-2."""
    parts: int


def count(text: str) -> SmsLength:
    """The alphabet, units and parts of a text; neither an escape pair nor a surrogate pair is cut in two."""
    if _BASIC.issuperset(text):
        alone, each = _ROOM["GSM-7"]
        return SmsLength("GSM-7", len(text), min(len(text), 1) if len(text) <= alone else -(-len(text) // each))
    basic = all(letter in _BASIC or letter in _EXTENDED for letter in text)
    encoding: Literal["GSM-7", "UCS-2"] = "GSM-7" if basic else "UCS-2"
    widths = [_width(letter, basic) for letter in text]
    alone, each = _ROOM[encoding]
    units = sum(widths)
    return SmsLength(encoding, units, min(units, 1) if units <= alone else _parts(widths, each))


def with_links(text: str) -> str:
    """The text as long as it becomes when its open links are filled in."""
    return _open_link(text, "x" * _LINK)


def _open_link(text: str, link: str) -> str:
    before, slot, rest = text.partition("{{ link.")
    if not slot:
        return text
    return before + link + _open_link(rest.partition("}}")[2], link)


def _width(letter: str, basic: bool) -> int:
    if basic:
        return 2 if letter in _EXTENDED else 1
    return 2 if ord(letter) > 0xFFFF else 1


def _parts(widths: list[int], each: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
