"""One token lets people in; a session is signed, ends, and knows its own pages."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agents.console.session import Session, Sessions, first_token
from infra.settings import load_settings
from schemas.errors import ConfigurationRefused

SESSIONS = Sessions(b"a key", "the right token")


def signed_in(name: str = "mei") -> str:
    cookie = SESSIONS.sign_in(name, "the right token")
    assert cookie is not None
    return cookie


def test_the_token_lets_a_person_in_under_their_name() -> None:
    session = SESSIONS.read(signed_in())

    assert session is not None
    assert session.actor.text == "staff:mei"


@pytest.mark.parametrize(("name", "token"), [("mei", "wrong"), ("", "the right token"), ("m|e", "the right token")])
def test_nobody_comes_in_otherwise(name: str, token: str) -> None:
    assert SESSIONS.sign_in(name, token) is None


def test_a_cookie_that_was_changed_or_made_elsewhere_is_none() -> None:
    cookie = signed_in()

    assert SESSIONS.read(cookie.replace("mei", "jon")) is None
    assert Sessions(b"another key", "the right token").read(cookie) is None
    assert SESSIONS.read("") is None


def test_a_session_ends() -> None:
    plain = "mei|0011|1"

    assert SESSIONS.read(f"{plain}|{SESSIONS._sign(plain)}") is None


def test_what_changes_something_must_come_from_the_sessions_own_pages() -> None:
    mine, other = Session("mei", "1", 2), Session("mei", "2", 2)

    assert SESSIONS.is_from(mine, SESSIONS.csrf(mine))
    assert not SESSIONS.is_from(mine, SESSIONS.csrf(other))
    assert not SESSIONS.is_from(mine, "")


def test_a_token_is_drawn_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path})

    assert first_token(settings) == first_token(settings)
    assert len(first_token(settings)) >= 20
    assert stat.S_IMODE((tmp_path / "console.token").stat().st_mode) == 0o600


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match="TEND_CONSOLE_TOKEN"):
        first_token(load_settings({"data_dir": tmp_path, "console_token": "short"}))
