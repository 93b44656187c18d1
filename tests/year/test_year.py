"""A whole year through the engine, on real Apache Kafka: every rule has its day, every limit too.

A part of the households live it. ``TEND_YEAR_JSON`` names a file for a summary of the year as all of them live it:
``agents.demo.year`` makes ``docs/year.md`` of it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest

from agents.demo.rulebook import write_rulebook
from agents.demo.run import CountedHistory
from agents.demo.summary import Summary, summarise
from agents.installation import Installation
from agents.replay.replay import Replay
from agents.signing import signing_of
from agents.simulate.journey import Journey
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.settings import load_settings
from rules.loading import shipped
from schemas.record import MAX_BYTES
from schemas.times import DAY
from schemas.topics import ACTION_TOPICS, ORDERS
from tests import backends

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2_400)]

PARTITIONS = 4
SUMMARY = os.environ.get("TEND_YEAR_JSON")
A_PART = 600
"""Of the 2,469 households: enough that every rule and limit has its day."""
HOUSEHOLDS = None if SUMMARY else A_PART
REFUSES = {"no_consent", "no_address", "exclusive", "expired", "no_longer_true"}
RARELY = {"channel_cap"} if HOUSEHOLDS is None else set()
"""What is at its cap is held; few of all households wait until it is too late."""
UNTIL_TRUSTED = {"quiet_coupon", "quiet_call"}
"""Only while the churn model is not trusted: whether somebody is quiet by then is chance."""
WIN_BACK = {"win_back_coupon", "win_back_call", "quiet_coupon", "quiet_call", "dormant_wake_up"}
CAME_LATE = ("came late", "kam zu spät", "送晚了")
MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
HOLDS = {"quiet_hours", "open_complaint", "channel_cap", "total_cap"}


class Told(NamedTuple):
    """What the topics tell of the year."""

    actions: list[dict[str, Any]]
    """In the order in which they were decided."""
    orders: dict[tuple[str, str], list[datetime]]
    """When what was told of an order, by type and order."""
    placed: dict[str, list[datetime]]
    """When each customer ordered."""


class Year(NamedTuple):
    """The year as it went."""

    summary: Summary
    told: Told


@pytest.fixture(scope="module")
def whole(broker_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
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
        installation = Installation(settings, Path(directory))
        summary = _replayed(installation)
        if SUMMARY:
            Path(SUMMARY).write_bytes(msgspec.json.encode(summary))
        yield Year(summary, _told(installation))


@pytest.fixture
def year(whole: Year) -> Summary:
    """In numbers."""
    return whole.summary


@pytest.fixture
def told(whole: Year) -> Told:
    """In what was sent and heard."""
    return whole.told


def _told(installation: Installation) -> Told:
    with PartitionLog(installation.connection) as log:

        def bodies(topic: str) -> Iterator[dict[str, Any]]:
            for partition in range(PARTITIONS):
                yield from (orjson.loads(raw.value or b"{}") for raw in log.read(topic, partition, 0))

        actions = [action for topic in ACTION_TOPICS.values() for action in bodies(topic)]
        orders, placed = defaultdict[tuple[str, str], list[datetime]](list), defaultdict[str, list[datetime]](list)
        for event in bodies(ORDERS):
            at = datetime.fromisoformat(event["time"])
            orders[event["type"], event.get("order_id", "")].append(at)
            if event["type"] == "order.placed":
                placed[event["customer"]].append(at)
    return Told(sorted(actions, key=lambda one: (_decided(one), one["sequence"])), orders, placed)


def _decided(action: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(action["decided_at"])


def _replayed(installation: Installation) -> Summary:
    journey = Journey(households=HOUSEHOLDS, whole=True)
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
    assert (REFUSES | RARELY) - set(year.suppressed) == set()


def test_every_hold_is_released(year: Summary) -> None:
    assert HOLDS - set(year.held) == set()
    assert HOLDS - set(year.released) == set()


def test_records_stay_small(year: Summary) -> None:
    assert year.largest_bytes <= MAX_BYTES
    assert year.mean_bytes <= 1_000
    assert year.customers >= (HOUSEHOLDS or 2_400)


def test_nothing_becomes_a_dead_letter(year: Summary) -> None:
    assert year.dead_letters == {}


def test_the_model_is_better_than_the_base_rate(year: Summary) -> None:
    assert year.quality.log_loss < year.quality.base_loss
    assert year.quality.auc > 0.8


def test_an_apology_is_in_the_right_tense_once_for_an_order_and_never_for_what_is_cancelled(told: Told) -> None:
    apologies = [one for one in told.actions if one["rule"] == "late_delivery_apology"]

    wrong = []
    for one in apologies:
        order, at = one["values"]["order.id"], _decided(one)
        came = any(moment <= at for moment in told.orders["order.delivered", order])
        cancelled = sum(moment <= at for moment in told.orders["order.cancelled", order])
        restored = sum(moment <= at for moment in told.orders["order.restored", order])
        says_so = any(words in one["message"]["subject"] for words in CAME_LATE)
        if says_so != came or cancelled > restored:
            wrong.append((order, one["message"]["subject"], came, cancelled, restored))
    assert len(apologies) > 2 * (HOUSEHOLDS or 2_400)
    assert wrong == []
    assert [
        order for order, count in Counter(one["values"]["order.id"] for one in apologies).items() if count > 1
    ] == []


def test_nobody_is_sent_two_messages_within_a_minute_unless_both_are_service(told: Told) -> None:
    heard = defaultdict[str, list[dict[str, Any]]](list)
    for one in told.actions:
        if one["channel"] not in ("desk", "call"):
            heard[one["customer"]].append(one)
    near = [
        (who, one["rule"], one["decided_at"], after["rule"], after["decided_at"])
        for who, actions in heard.items()
        for one, after in pairwise(actions)
        if _decided(after) - _decided(one) < MINUTE and {one["purpose"], after["purpose"]} != {"service"}
    ]
    assert near == []


def test_nobody_is_won_back_within_a_day_of_an_order(told: Told) -> None:
    wooed = [one for one in told.actions if one["rule"] in WIN_BACK]
    soon = [
        (one["customer"], one["rule"], one["decided_at"])
        for one in wooed
        if any(timedelta(0) <= _decided(one) - at < A_DAY for at in told.placed[one["customer"]])
    ]
    assert len(wooed) > (HOUSEHOLDS or 2_400) / 8
    assert soon == []
