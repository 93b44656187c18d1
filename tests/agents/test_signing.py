"""What programs of an installation know each other by."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agents.signing import installation_key
from infra.settings import load_settings
from schemas.errors import ConfigurationRefused

NETWORKS = ["kafka:9092", "127.0.0.1:9092,kafka:9092", "[2001:db8::1]:9092"]


@pytest.mark.parametrize("clock", ["wall", "event"])
@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("brokers", NETWORKS)
def test_nothing_of_a_network_runs_without_a_key(brokers: str, key: str | None, clock: str, tmp_path: Path) -> None:
    settings = load_settings({"brokers": brokers, "almanac_key": key, "clock": clock, "data_dir": tmp_path})

    with pytest.raises(ConfigurationRefused, match=r"TEND_ALMANAC_KEY is not set.*openssl rand"):
        installation_key(settings)


@pytest.mark.parametrize("brokers", [*NETWORKS, "127.0.0.1:9092"])
def test_a_key_that_can_be_guessed_is_none(brokers: str) -> None:
    with pytest.raises(ConfigurationRefused, match="TEND_ALMANAC_KEY has 6 bytes; expected at least 16"):
        installation_key(load_settings({"brokers": brokers, "almanac_key": "secret"}))


@pytest.mark.parametrize("brokers", NETWORKS)
def test_the_key_that_is_set_counts(brokers: str) -> None:
    assert installation_key(load_settings({"brokers": brokers, "almanac_key": "k" * 16})) == b"k" * 16


@pytest.mark.parametrize("brokers", ["127.0.0.1:9092", "localhost:9092,[::1]:9092"])
def test_one_machine_draws_a_key_of_its_own_and_keeps_it(brokers: str, tmp_path: Path) -> None:
    here = load_settings({"brokers": brokers, "data_dir": tmp_path / "a"})

    key = installation_key(here)

    assert len(key) >= 32
    assert installation_key(here) == key
    assert stat.S_IMODE((tmp_path / "a" / "installation.key").stat().st_mode) == 0o600
    assert installation_key(load_settings({"brokers": brokers, "data_dir": tmp_path / "b"})) != key
