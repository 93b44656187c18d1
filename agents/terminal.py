"""Texts of customers and producers on a terminal: shown as they are, and never obeyed."""

from __future__ import annotations

import unicodedata

_OBEYED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Categories of characters that a terminal acts on or that nobody sees: controls (escape, newline), marks that turn the
direction of writing (U+202E), halves of pairs, separators of lines and paragraphs."""
_KEPT = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Letters of Persian and of many scripts of India are joined by these, and emoji."""


def shown(text: str) -> str:
    """The text in one line, with what a terminal would obey written out as ``\\x1b`` or ``\\u202e``."""
    return "".join(
        char if char in _KEPT or unicodedata.category(char) not in _OBEYED else _named(char) for char in text
    )


def _named(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode() if ord(char) > 127 else f"\\x{ord(char):02x}"
