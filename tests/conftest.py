"""Fixtures that all tests share: servers to run on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import backends

_OF_PROCESSES = ("equality", "engine")


def pytest_configure() -> None:
    """Stores that tests start are of the given program, where one is given."""
    backends.use_given_redis_server()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole processes begin first: they are the longest, and mostly wait."""
    items.sort(key=lambda item: item.path.parent.name not in _OF_PROCESSES)


def pytest_report_header() -> str:
    """Say which servers the integration tests use."""
    return backends.describe()


@pytest.fixture(scope="session")
def real_kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Apache Kafka for the whole session."""
    with backends.real_kafka(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture(params=["simple", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a broker without topics: the simplest one, and in another run of the test a real Apache Kafka."""
    if request.param == "kafka":
        address: str = request.getfixturevalue("real_kafka_server")
        backends.delete_topics(address)
        yield address
        return
    with backends.any_broker(tmp_path / "broker") as address:
        backends.delete_topics(address)
        yield address


@pytest.fixture
def store_server(tmp_path: Path) -> Iterator[str]:
    """The URL of a store that keeps an append-only file."""
    with backends.any_store(tmp_path / "store") as url:
        yield url


@pytest.fixture
def group() -> str:
    """A consumer group of this test's own."""
    return f"test-{uuid.uuid4().hex[:8]}"
