"""The back ends that keep the promises; another one is a line in ``BACK_ENDS``."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from infra.embedded.process import HOST, free_port
from infra.store import MemoryStore, RedisStore, Store
from tests import backends
from tests.infra.store_servers import cluster_of_three


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory, backends.any_store(Path(directory)) as url:
        yield url


@pytest.fixture(scope="package")
def cluster() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory, cluster_of_three(Path(directory)) as nodes:
        yield nodes[0].url


BACK_ENDS: dict[str, Callable[[pytest.FixtureRequest], Store]] = {
    "memory": lambda request: MemoryStore(),
    "server": lambda request: RedisStore(request.getfixturevalue("server")),
    "cluster": lambda request: RedisStore(request.getfixturevalue("cluster"), cluster=True),
}

AWAY: dict[str, Callable[[str], Store]] = {
    "server": lambda address: RedisStore(f"redis://{address}"),
    "cluster": lambda address: RedisStore(f"redis://{address}", cluster=True),
}
"""Those that can be away, at an address where nothing listens."""


@pytest.fixture(params=BACK_ENDS)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with BACK_ENDS[request.param](request) as store:
        await store.wipe()
        yield store


@pytest.fixture
async def beside(store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """The same back end as another program holds it."""
    async with BACK_ENDS[request.node.callspec.params["store"]](request) as beside:
        yield beside


@pytest.fixture(params=AWAY)
async def away(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with AWAY[request.param](f"{HOST}:{free_port()}") as away:
        yield away


@pytest.fixture(params=["server", "cluster"])
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[RedisStore]:
    """For what one back end promises alone."""
    async with RedisStore(request.getfixturevalue(request.param), cluster=request.param == "cluster") as store:
        await store.wipe()
        yield store
