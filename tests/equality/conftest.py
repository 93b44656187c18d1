"""One history, its yardstick, and worlds to replay it in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings, load_settings
from tests.equality.histories import History, Result, history, rehearsed
from tests.equality.world import World

PARTITIONS = 4

MakeWorld = Callable[..., World]


def settings_of(**chosen: Any) -> Settings:
    """Settings of a replay."""
    # A short session: a killed worker's partitions are free again soon.
    return load_settings({"partitions": PARTITIONS, "clock": "event", "session_seconds": 3, **chosen})


@pytest.fixture(scope="session")
def week() -> History:
    """A week in which rules act, of a sample of the households."""
    return history(first_day=0, days=7, households=300)


@pytest.fixture(scope="session")
def expected(week: History) -> Result:
    """What the pure core makes of the week."""
    result = rehearsed(week, settings_of())
    assert len(result.actions) > 100, "a week without actions compares nothing"
    return result


@pytest.fixture
def world(broker: str, store_server: str, group: str, week: History, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world on fresh servers; its services end with the test."""
    with ExitStack() as running:

        def make(source: History | None = None, **chosen: Any) -> World:
            servers = {"brokers": broker, "redis_url": store_server, "group": group, "data_dir": str(tmp_path)}
            settings = settings_of(**servers | chosen)
            made = World(settings, tmp_path, source or week)
            made.installation.make_topics()
            running.callback(made.installation.stop)
            return made

        yield make
