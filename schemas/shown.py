"""Texts of customers and producers where people read them: shown as they are, and never obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_OBEYED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Categories of characters that a terminal acts on or that nobody sees: controls (escape, newline), marks that turn the
direction of writing (U+202E), halves of pairs, separators of lines and paragraphs."""
_KEPT = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Letters of Persian and of many scripts of India are joined by these, and emoji."""
_DIRECTIONS = "\u200e\u200f\u061c"


def shown(text: str) -> str:
    """The text in one line, with what a terminal would obey written out as ``\\x1b`` or ``\\u202e``."""
    return _written_out(text, _named, _KEPT)


def shown_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(shown, text.split("\n")))


def shown_json(text: str) -> str:
    """JSON that says the same, with what a terminal would obey as JSON's own escapes."""
    return _written_out(text, _escaped, _KEPT + "\n")


def shown_page(text: str) -> str:
    """The same on a page of staff's, where lines and tabs are harmless; the page escapes its own markup."""
    return _written_out(text, _named, _KEPT + _DIRECTIONS + "\r\n\t")


def harmless(text: str) -> str:
    """The text in one line for a reader who knows nothing of such characters: they are gone, and ends of lines blanks.

    What says where a word of Arabic or Hebrew ends (U+200E, U+200F, U+061C) stays: dates and money are written with it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless(char) for char in text)


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if char in _KEPT or char in _DIRECTIONS or category not in _OBEYED:
        return char
    return " " if category in ("Cc", "Zl", "Zp") else ""


def _written_out(text: str, name: Callable[[str], str], kept: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in kept or unicodedata.category(char) not in _OBEYED else name(char) for char in text)


def _named(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode() if ord(char) > 127 else f"\\x{ord(char):02x}"


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
