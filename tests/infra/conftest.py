"""A broker that a test may kill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends import LocalKafka, docker_answers


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A Kafka that a test may kill."""
    if "TEND_TEST_BROKERS" in os.environ or docker_answers():
        pytest.skip("needs a Kafka of its own, which is made with Java and Maven")
    kafka = LocalKafka(tmp_path)
    kafka.start()
    yield kafka
    kafka.kill()
