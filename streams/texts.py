"""Text from outside, kept short enough for a record."""

from __future__ import annotations


def clipped(text: str, size: int) -> str:
    """The text in at most ``size`` bytes of UTF-8, cut between characters."""
    # Most text is ASCII and short: then there is nothing to encode.
    if len(text) <= size and text.isascii():
        return text
    return text.encode()[:size].decode(errors="ignore")
