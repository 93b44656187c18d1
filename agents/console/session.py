"""Signing in: one token lets people in; a signed cookie says who they are, and what only they can send along."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import time
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from agents.access import Actor, staff
from infra.settings import Settings
from schemas.errors import ConfigurationRefused

COOKIE: Final = "tend-session"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
LIFE_SECONDS: Final = 12 * 3_600
_FILE: Final = "console.token"
_NAME: Final = re.compile(r"^[A-Za-z0-9._-]{1,40}$")
_LEAST: Final = 12


class Session(NamedTuple):
    """Somebody who has signed in."""

    name: str
    nonce: str
    ends: int

    @property
    def actor(self) -> Actor:
        """The person as an actor."""
        return staff(self.name)

    @property
    def initials(self) -> str:
        """Two letters for the round mark."""
        return self.name[:2].upper()


class Sessions:
    """Makes and reads sessions; nothing is stored.

    Args:
        key: of the installation.
        token: what lets people in.
    """

    def __init__(self, key: bytes, token: str) -> None:
        self._key = key
        self.token = token

    def sign_in(self, name: str, token: str) -> str | None:
        """The cookie of a new session; None where the token is wrong or the name is none."""
        if not _NAME.match(name) or not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        plain = f"{name}|{secrets.token_hex(8)}|{int(time.time()) + LIFE_SECONDS}"
        return f"{plain}|{self._sign(plain)}"

    def read(self, cookie: str) -> Session | None:
        """The session in a cookie; None where it was not made here or has ended."""
        plain, _, signature = cookie.rpartition("|")
        if not plain or not hmac.compare_digest(signature.encode(), self._sign(plain).encode()):
            return None
        name, nonce, ends = plain.split("|")
        return Session(name, nonce, int(ends)) if int(ends) > time.time() else None

    def csrf(self, session: Session) -> str:
        """What a page of this session sends along when it changes something."""
        return self._sign(f"csrf|{session.name}|{session.nonce}")

    def is_from(self, session: Session, told: str) -> bool:
        """Whether this came from a page of the session."""
        return hmac.compare_digest(told.encode(), self.csrf(session).encode())

    def _sign(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), sha256).hex()[:40]


def first_token(settings: Settings) -> str:
    """The token that lets people in: the one of the settings, or one drawn at the first start.

    Raises:
        ConfigurationRefused: it is too short.
    """
    if settings.console_token is not None:
        token = settings.console_token.get_secret_value()
        if len(token) < _LEAST:
            raise ConfigurationRefused(
                f"TEND_CONSOLE_TOKEN has {len(token)} characters; expected at least {_LEAST}, drawn at random"
            )
        return token
    return _kept(settings.data_dir / _FILE)


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    token = secrets.token_urlsafe(18)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(token)
    return token
