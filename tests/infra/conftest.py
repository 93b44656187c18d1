"""A broker that a test may kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends import OwnBroker, own_broker_or_skip


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[OwnBroker]:
    """A Kafka that a test may kill."""
    own_broker_or_skip()
    kafka = OwnBroker(tmp_path)
    kafka.start()
    yield kafka
    kafka.kill()
