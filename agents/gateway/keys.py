"""Write keys: who may send events, and which ones. A key in a browser may send visits and carts only."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from schemas.errors import ConfigurationRefused
from schemas.topics import BROWSE, TOPIC_OF

_LEAST: Final = 16
BROWSER_EVENTS: Final = frozenset(kind for kind, topic in TOPIC_OF.items() if topic == BROWSE)
"""What a key that everybody can read may send."""


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A key and what it is for."""

    name: str
    """Stands in ``source`` of its events."""
    secret: str
    browser: bool

    def allows(self, kind: str) -> bool:
        """Whether it may send an event of this type."""
        return not self.browser or kind in BROWSER_EVENTS


def read_keys(told: str) -> tuple[WriteKey, ...]:
    """The keys in ``shop:SECRET,web!:SECRET``; a name with ``!`` is a browser's.

    Raises:
        ConfigurationRefused: one is not written like this, or is too short.
    """
    keys = []
    for one in filter(None, told.split(",")):
        name, _, secret = one.strip().partition(":")
        browser = name.endswith("!")
        plain = name.removesuffix("!")
        if not plain.isidentifier() or len(secret) < _LEAST:
            raise ConfigurationRefused(
                f"TEND_GATEWAY_KEYS: expected name:SECRET, of at least {_LEAST} characters, by comma; see the one for "
                f"{plain or 'nothing'}"
            )
        keys.append(WriteKey(plain, secret, browser))
    return tuple(keys)


def key_of(keys: tuple[WriteKey, ...], presented: str) -> WriteKey | None:
    """The key that was presented; compared in constant time."""
    found = [one for one in keys if hmac.compare_digest(one.secret.encode(), presented.encode())]
    return found[0] if found else None
