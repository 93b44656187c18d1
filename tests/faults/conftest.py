"""A real Apache Kafka of its own, which the faults may kill, and the history that is replayed through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.process import free_port
from tests.backends import LocalKafka, delete_topics
from tests.engine.site import Site
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result, history, rehearsed


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Apache Kafka on free ports, one of which is reached through a wire that a test may spoil."""
    kafka = LocalKafka(tmp_path_factory.mktemp("kafka"), wire_port=free_port())
    kafka.start()
    yield kafka
    kafka.kill()


@pytest.fixture(params=["simple", pytest.param("kafka", marks=pytest.mark.kafka)])
def site_broker(request: pytest.FixtureRequest) -> LocalKafka | None:
    """Of a site in service: the embedded broker, which has no transactions, and in another run Apache Kafka."""
    if request.param == "simple":
        return None
    kafka: LocalKafka = request.getfixturevalue("own_kafka")
    delete_topics(kafka.address)
    return kafka


@pytest.fixture
def site(site_broker: LocalKafka | None, tmp_path: Path) -> Iterator[Site]:
    """A site in service."""
    with Site(tmp_path, broker=site_broker) as running:
        running.until_ready()
        yield running


@pytest.fixture(scope="session")
def week() -> History:
    """A week in which rules act, of a sample of the households."""
    return history(first_day=0, days=7, households=300)


@pytest.fixture(scope="session")
def expected(week: History) -> Result:
    """What the pure core makes of the week, undisturbed."""
    return rehearsed(week, settings_of())
