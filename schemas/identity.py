"""How ids of other systems become ids that events can carry: one rule, whichever door they come by."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from schemas.ids import digest

_CUSTOMER: Final = re.compile(r"[A-Za-z0-9._:@+-]{1,64}")
_REFERENCE: Final = re.compile(r"[\x21-\x7e]{1,64}")


def carried_customer(given: str) -> str:
    """A customer's id as events can carry it.

    Blanks around it go, and composed characters are one form (NFC). What then fits the contract stays as it is;
    anything else becomes ``x-`` and 32 hexadecimal digits of its BLAKE2b hash, which anybody can compute:
    ``blake2b(text in UTF-8, digest_size=16)``.

    Raises:
        ValueError: nothing is left, or it holds characters that are no text.
    """
    return _carried(given, _CUSTOMER)


def carried_reference(given: str) -> str:
    """The id of an order, cart or complaint by the same rule; more signs fit.

    Raises:
        ValueError: as with :func:`carried_customer`.
    """
    return _carried(given, _REFERENCE)


def _carried(given: str, allowed: re.Pattern[str]) -> str:
    if allowed.fullmatch(given):
        return given
    text = unicodedata.normalize("NFC", given.strip())
    if allowed.fullmatch(text):
        return text
    if not text:
        raise ValueError("is empty")
    try:
        return "x-" + digest(text, size=16).hex()
    except UnicodeEncodeError:
        raise ValueError("holds bytes that are no text in the file's encoding") from None
