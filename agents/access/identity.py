"""Pseudonyms and search keys: what stands for a personal value where the value itself must not stand.

Both are keyed hashes (HMAC-SHA-256) under keys derived from one secret of the installation. The secret is
``TEND_ACCESS_KEY``; without it one is drawn once and kept in the data directory, which suits one machine.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Final

import msgspec

from infra.kept_secret import kept_secret
from infra.settings import Settings
from schemas.errors import ConfigurationRefused
from schemas.identity import carried_customer

_FILE: Final = "access.key"
_LEAST: Final = 16
_EMAIL: Final = re.compile(r"^[^@\s]+@[^@\s]+$")
_PHONE: Final = re.compile(r"^\+?[0-9]{7,15}$")
_IDENTITY_NUMBER: Final = re.compile(r"^[0-9]{17}[0-9Xx]$")
_SHORTEST_NUMBER: Final = 18
"""Letters of an identity number; nothing shorter is one."""
_PSEUDONYM: Final = re.compile(r"c_[0-9a-f]{32}")
_BETWEEN_DIGITS: Final = re.compile(r"[\s().\-/]")


class AccessKeys(msgspec.Struct, frozen=True):
    """The keys of one installation, one for each use, so that what one reveals says nothing about another."""

    ids: bytes
    index: bytes
    sessions: bytes
    links: bytes
    coupons: bytes

    @classmethod
    def of(cls, secret: bytes) -> AccessKeys:
        """The keys that follow from a secret."""
        return cls(*(_hmac(secret, f"tend.{name}") for name in cls.__struct_fields__))

    def __repr__(self) -> str:
        return "AccessKeys(…)"

    def customer_of(self, told: str) -> str:
        """The id under which a customer is kept.

        An opaque id stays. What looks like an e-mail address, a phone number with its ``+`` or an identity number
        becomes ``c_`` and a keyed hash of it: always the same one for the same customer, whichever way it is written.
        An opaque id that events cannot carry (blanks, other scripts) is made to fit, see :mod:`schemas.identity`.

        Raises:
            ValueError: nothing is left of it, or it holds what is no text.
        """
        plain = told.strip()
        if not looks_personal(plain):
            return carried_customer(plain)
        field = "email" if _EMAIL.match(plain) else "phone"
        return f"c_{_hmac(self.ids, normalised(field, plain)).hex()[:32]}"

    def index_key(self, field: str, value: str) -> str:
        """The key under which a value is found again exactly; nothing can be read from it."""
        return _hmac(self.index, f"{field}\x1f{normalised(field, value)}").hex()[:32]


def is_pseudonym(customer: str) -> bool:
    """Whether an id was made of an address or a number, and no system gave it."""
    return bool(_PSEUDONYM.fullmatch(customer))


def looks_personal(told: str) -> bool:
    """Whether an id is an address, a phone number or an identity number rather than an opaque id."""
    if "@" not in told and not told.startswith("+") and len(told) < _SHORTEST_NUMBER:
        return False  # as nearly all are
    digits = _BETWEEN_DIGITS.sub("", told)
    return bool(_EMAIL.match(told) or (told.startswith("+") and _PHONE.match(digits)) or _IDENTITY_NUMBER.match(digits))


def normalised(field: str, value: str) -> str:
    """A value as it is compared: addresses and names without case, numbers without what stands between digits."""
    plain = value.strip()
    if field == "email":
        return plain.casefold()
    if field == "phone":
        digits = _BETWEEN_DIGITS.sub("", plain)
        return f"+{digits[2:]}" if digits.startswith("00") else digits
    if field == "name":
        return " ".join(plain.casefold().split())
    return plain


def access_keys(settings: Settings) -> AccessKeys:
    """The keys of this installation.

    Raises:
        ConfigurationRefused: the secret is too short to be one.
    """
    if settings.access_key is not None:
        secret = settings.access_key.get_secret_value().encode()
    else:
        secret = kept_secret(settings.data_dir / _FILE)
    if len(secret) < _LEAST:
        raise ConfigurationRefused(
            f"TEND_ACCESS_KEY has {len(secret)} bytes; expected at least {_LEAST}, drawn at random"
        )
    return AccessKeys.of(secret)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), sha256)
