"""Whoever waits for lanes that do not move is told where each of them stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.installation import Installation
from infra.settings import load_settings
from schemas.errors import TendError


def test_lanes_that_nobody_handles_are_told_one_by_one(broker: str, store_server: str, tmp_path: Path) -> None:
    settings = load_settings({"brokers": broker, "redis_url": store_server, "partitions": 2})
    installation = Installation(settings, tmp_path)
    installation.make_topics()
    installation.learner.start()
    try:
        with pytest.raises(TendError, match=r"(?s)Nothing has moved.*lane 0 has not begun.*lane 1 has not begun"):
            installation.until_replayed(events=1, end=1, patience=0)
    finally:
        installation.stop()
