"""Fixtures that all tests share: servers to run on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import backends

_OF_PROCESSES = ("equality", "engine")


def pytest_configure() -> None:
    """Stores that tests start are of the given program, where one is given; properties have no deadline."""
    backends.use_given_redis_server()
    # How long an example takes says something of the machine, not of the code.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole processes begin first: they are the longest, and mostly wait."""
    items.sort(key=lambda item: item.path.parent.name not in _OF_PROCESSES)


def pytest_report_header() -> str:
    """Say which servers the integration tests use."""
    return backends.describe()


@pytest.fixture(scope="session")
def broker_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the broker that the tests of this process share."""
    with backends.any_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture
def broker(broker_server: str) -> str:
    """The address of a broker without topics."""
    backends.delete_topics(broker_server)
    return broker_server


@pytest.fixture
def store_server(tmp_path: Path) -> Iterator[str]:
    """The URL of a store that keeps an append-only file."""
    with backends.any_store(tmp_path / "store") as url:
        yield url


@pytest.fixture
def group() -> str:
    """A consumer group of this test's own."""
    return f"test-{uuid.uuid4().hex[:8]}"
