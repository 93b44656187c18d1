"""Text from outside, kept short enough for a record."""

from __future__ import annotations

from typing import Final

_MORE: Final = "…"


def clipped(text: str, size: int) -> str:
    """The text in at most ``size`` bytes of UTF-8, cut between characters."""
    # Most text is ASCII and short: then there is nothing to encode.
    if len(text) <= size and text.isascii():
        return text
    return text.encode()[:size].decode(errors="ignore")


def shortened(text: str, size: int) -> str:
    """The same for text that people read: where some of it is missing, it says so."""
    kept = clipped(text, size)
    return text if kept == text else f"{clipped(text, size - len(_MORE.encode())).rstrip()}{_MORE}"
