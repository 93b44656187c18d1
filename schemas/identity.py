"""How the ids of other systems become ids that events can carry: one rule for every door."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from schemas.ids import digest

_CUSTOMER: Final = re.compile(r"[A-Za-z0-9._:@+-]{1,64}")
_REFERENCE: Final = re.compile(r"[\x21-\x7e]{1,64}")


def customer_of(given: str) -> str:
    """The customer's id for what another system calls the customer.

    Blanks around it go and composed characters are one form (NFC). An e-mail address is in lower case, as shops write
    the same one in both. What then fits the contract stays as it is; anything else becomes ``x-`` and 32 hexadecimal
    digits of its BLAKE2b hash, which anybody can compute: ``blake2b(text in UTF-8, digest_size=16)``.

    Raises:
        ValueError: nothing is left, or it holds characters that are no text.
    """
    text = unicodedata.normalize("NFC", given.strip())
    return _fitting(text.lower() if "@" in text else text, _CUSTOMER)


def reference_of(given: str) -> str:
    """The id of an order, cart or complaint, by the same rule; its case stays, and more signs fit.

    Raises:
        ValueError: as with :func:`customer_of`.
    """
    return _fitting(unicodedata.normalize("NFC", given.strip()), _REFERENCE)


def _fitting(text: str, allowed: re.Pattern[str]) -> str:
    if allowed.fullmatch(text):
        return text
    if not text:
        raise ValueError("is empty")
    try:
        return "x-" + digest(text, size=16).hex()
    except UnicodeEncodeError:
        raise ValueError("holds bytes that are no text in the file's encoding") from None
