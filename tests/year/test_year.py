"""A whole year through the engine, on real Apache Kafka: every rule has its day, every limit too.

``TEND_YEAR_JSON`` names a file for the summary: ``agents.demo.year`` makes ``docs/year.md`` of it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agents.demo.rulebook import write_rulebook
from agents.demo.run import CountedHistory
from agents.demo.summary import Summary, summarise
from agents.installation import Installation
from agents.replay.replay import Replay
from agents.signing import signing_of
from agents.simulate.journey import Journey
from infra.kafka.producers import BulkProducer
from infra.settings import load_settings
from rules.loading import shipped
from schemas.record import MAX_BYTES
from schemas.times import DAY
from tests import backends

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2_400)]

PARTITIONS = 4
REFUSES = {"no_consent", "no_address", "exclusive", "channel_cap", "expired", "no_longer_true"}
UNTIL_TRUSTED = {"quiet_coupon", "quiet_call"}
"""Only while the churn model is not trusted: whether somebody is quiet by then is chance."""
HOLDS = {"quiet_hours", "open_complaint", "channel_cap", "total_cap"}


@pytest.fixture(scope="module")
def year(broker_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Summary]:
    """The year, replayed through two workers."""
    directory = tmp_path_factory.mktemp("year")
    backends.delete_topics(broker_server)
    with backends.any_store(directory / "store") as url:
        settings = load_settings(
            {
                "brokers": broker_server,
                "redis_url": url,
                "partitions": PARTITIONS,
                "clock": "event",
                "group": "year",
                "session_seconds": 6,
                "data_dir": str(directory),
                "rulebook": write_rulebook(directory / "rules"),
            }
        )
        summary = _replayed(Installation(settings, Path(directory)))
        if file := os.environ.get("TEND_YEAR_JSON"):
            Path(file).write_bytes(msgspec.json.encode(summary))
        yield summary


def _replayed(installation: Installation) -> Summary:
    journey = Journey(whole=True)
    source, began = CountedHistory(journey), time.monotonic()
    replay = Replay(
        source,
        [BulkProducer(installation.connection)],
        PARTITIONS,
        watermarks=signing_of(installation.settings),
        act_from=journey.start + 28 * DAY,
    )
    installation.make_topics()
    try:
        installation.learner.start()
        for _ in range(2):
            installation.add_worker()
        last = list(replay.run())[-1]
        installation.until_replayed(last.read, journey.end)
        seconds = time.monotonic() - began
        return asyncio.run(summarise(installation.settings, dict(source.types), seconds))
    finally:
        installation.stop()


def test_every_shipped_rule_gives_something_out(year: Summary) -> None:
    assert {rule.id for rule in shipped().rules} - set(year.rules) <= UNTIL_TRUSTED


def test_every_limit_refuses(year: Summary) -> None:
    assert REFUSES - set(year.suppressed) == set()


def test_every_hold_is_released(year: Summary) -> None:
    assert HOLDS - set(year.held) == set()
    assert HOLDS - set(year.released) == set()


def test_records_stay_small(year: Summary) -> None:
    assert year.largest_bytes <= MAX_BYTES
    assert year.mean_bytes <= 1_000
    assert year.customers > 2_400


def test_nothing_becomes_a_dead_letter(year: Summary) -> None:
    assert year.dead_letters == {}


def test_the_model_is_better_than_the_base_rate(year: Summary) -> None:
    assert year.quality.log_loss < year.quality.base_loss
    assert year.quality.auc > 0.8
