"""A real Apache Kafka of its own, which the faults may kill, and the history that is replayed through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.process import free_port
from tests.backends import OwnBroker, delete_topics, own_broker_or_skip
from tests.engine.site import Site
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result, history, rehearsed
from tests.faults.report import Report


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """Apache Kafka on free ports, one of which is reached through a wire that a test may spoil."""
    own_broker_or_skip()
    kafka = OwnBroker(tmp_path_factory.mktemp("kafka"), wire_port=free_port())
    kafka.start()
    yield kafka
    kafka.kill()


@pytest.fixture
def site_broker(own_kafka: OwnBroker) -> OwnBroker:
    """The broker of a site in service."""
    delete_topics(own_kafka.address)
    return own_kafka


@pytest.fixture
def site(site_broker: OwnBroker, tmp_path: Path) -> Iterator[Site]:
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


@pytest.fixture(scope="session")
def days() -> History:
    """Some days, so that much can be done to servers of several nodes within two minutes."""
    return history(first_day=0, days=4, households=200)


@pytest.fixture(scope="session")
def expected_of_days(days: History) -> Result:
    """What the pure core makes of them."""
    result = rehearsed(days, settings_of())
    assert len(result.actions) > 30
    return result


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    """What was done in this run, written where it is asked for."""
    report = Report()
    yield report
    report.write()
