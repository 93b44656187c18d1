"""Domains of mail addresses as every server takes them."""

from __future__ import annotations

import idna


def in_ascii(domain: str) -> str:
    """The domain in Punycode, where it has other letters (IDNA 2008: ``straße.de`` is not ``strasse.de``).

    Raises:
        ValueError: it is no domain.
    """
    if domain.isascii():
        return domain
    return idna.encode(domain, uts46=True).decode()
