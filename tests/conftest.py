"""Fixtures that all tests share: servers to run on."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests import backends
from tests.groups import group_of, turn

if TYPE_CHECKING:
    from tests.engine.site import Site


def pytest_configure() -> None:
    """Stores that tests start are of the given program, where one is given; properties have no deadline."""
    backends.use_given_redis_server()
    # How long an example takes says something of the machine, not of the code.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What comes with thousands of tests stays until the end: nobody looks for garbage in it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no process works alone at the end."""
    items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where tests go by groups, files that share a server go to one process, which starts it once."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler


def pytest_report_header() -> str:
    """Say which servers the integration tests use."""
    return backends.describe()


@pytest.fixture(scope="session")
def broker_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the broker that the tests of this process share."""
    with backends.any_broker(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small store in service; each test uses customers of its own."""
    from tests.engine.site import Site

    with Site(tmp_path_factory.mktemp("site")) as running:
        running.until_ready()
        yield running


@pytest.fixture
def broker(broker_server: str) -> str:
    """The address of a broker without topics."""
    backends.delete_topics(broker_server)
    return broker_server


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the store that the tests of this process share."""
    with backends.any_store(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture
def store_server(shared_store: str) -> str:
    """The URL of a store without keys, which keeps an append-only file."""
    backends.delete_keys(shared_store)
    return shared_store


@pytest.fixture
def group() -> str:
    """A consumer group of this test's own."""
    return f"test-{uuid.uuid4().hex[:8]}"
