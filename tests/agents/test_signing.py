"""What a service of a network needs before it starts."""

from __future__ import annotations

import pytest

from agents.signing import require_key
from infra.settings import load_settings
from schemas.errors import ConfigurationRefused


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("brokers", ["kafka:9092", "127.0.0.1:9092,kafka:9092", "[2001:db8::1]:9092"])
def test_a_service_of_a_network_does_not_start_without_a_key(brokers: str, key: str | None) -> None:
    settings = load_settings({"brokers": brokers, "almanac_key": key})

    with pytest.raises(ConfigurationRefused, match=r"TEND_ALMANAC_KEY is not set.*openssl rand"):
        require_key(settings)


def test_with_a_key_on_one_machine_or_in_a_replay_it_does() -> None:
    for chosen in (
        {"brokers": "kafka:9092", "almanac_key": "secret"},
        {"brokers": "127.0.0.1:9092"},
        {"brokers": "localhost:9092,[::1]:9092"},
        {"brokers": "kafka:9092", "clock": "event"},
    ):
        require_key(load_settings(chosen))
