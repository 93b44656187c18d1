"""A replay through a broker: all of it is in, in its watermarks, also after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import msgspec
import orjson
import pytest
import typer
from typer.testing import CliRunner

from agents.catalogue import topic_specs
from agents.commands.replay import replay
from agents.replay.feed import ReplayOptions, feed
from agents.replay.progress import replay_progress
from agents.simulate.journey import Journey
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.errors import ConfigurationRefused, TendError
from schemas.times import DAY
from schemas.topics import EVENT_TOPICS, WATERMARKS
from schemas.watermarks import Watermark, decode_watermark
from tests import backends

PARTITIONS = 2
JOURNEY = Journey(days=6, households=50)
MANNER = ReplayOptions(every=60)

app = typer.Typer()
app.command()(replay)


@pytest.fixture
def settings(broker: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with its topics."""
    monkeypatch.setenv("TEND_BROKERS", broker)
    monkeypatch.setenv("TEND_PARTITIONS", str(PARTITIONS))
    found = load_settings()
    Topics(KafkaConnection.of(found)).create(topic_specs(found))
    return found


def bodies(settings: Settings) -> Counter[bytes | None]:
    with PartitionLog(KafkaConnection.of(settings)) as log:
        return Counter(
            record.value for topic in EVENT_TOPICS for p in range(PARTITIONS) for record in log.read(topic, p, 0)
        )


def watermarks(settings: Settings, partition: int) -> list[Watermark]:
    with PartitionLog(KafkaConnection.of(settings)) as log:
        return [decode_watermark(record.value or b"") for record in log.read(WATERMARKS, partition, 0)]


def teaching(journey: Journey) -> int:
    return journey.start + 28 * DAY


def marked(settings: Settings, journey: Journey) -> int:
    last = replay_progress(settings, journey.name, teaching(journey)).complete
    return last.number if last else -1


def test_a_journey_is_in_and_its_marks_say_so(settings: Settings) -> None:
    steps = list(feed(settings, JOURNEY, MANNER))

    expected = [event.body for event in JOURNEY.events()]
    assert bodies(settings) == Counter(expected)
    assert steps[-1].read == len(expected)
    ends = Topics(KafkaConnection.of(settings)).end_offsets(EVENT_TOPICS)
    for partition in range(PARTITIONS):
        last = watermarks(settings, partition)[-1]
        assert last.finishes
        assert last.time == JOURNEY.end
        assert last.ends == {topic: ends[topic][partition] for topic in sorted(EVENT_TOPICS) if ends[topic][partition]}


def test_a_replay_that_stops_goes_on_when_it_is_asked_again(settings: Settings) -> None:
    stopped = list(islice(feed(settings, JOURNEY, MANNER), 4))

    rest = list(feed(settings, JOURNEY, MANNER))

    assert rest[0].number == stopped[-1].number + 1
    assert bodies(settings) == Counter(event.body for event in JOURNEY.events())
    assert list(feed(settings, JOURNEY, MANNER)) == []


def test_topics_that_hold_another_replay_are_refused(settings: Settings) -> None:
    list(islice(feed(settings, JOURNEY, MANNER), 2))

    with pytest.raises(ConfigurationRefused, match=r"holds the replay journey-s1-d0-6-h50.*not journey-s2"):
        list(feed(settings, Journey(days=6, households=50, seed=2), MANNER))
    with pytest.raises(ConfigurationRefused, match=f"acting from {5 * DAY}"):
        list(feed(settings, JOURNEY, ReplayOptions(every=60, act_from=5 * DAY)))


def test_missing_topics_are_refused_with_the_command_that_makes_them(broker: str) -> None:
    with pytest.raises(ConfigurationRefused, match="tend topics create"):
        list(feed(load_settings({"brokers": broker, "partitions": PARTITIONS}), JOURNEY, MANNER))


def test_topics_that_would_delete_a_history_are_refused_before_anything_is_sent(broker_server: str) -> None:
    backends.delete_topics(broker_server)
    settings = load_settings({"brokers": broker_server, "partitions": PARTITIONS})
    topics = Topics(KafkaConnection.of(settings))
    topics.create([msgspec.structs.replace(spec, configs={}) for spec in topic_specs(settings)])

    with pytest.raises(ConfigurationRefused, match=r"storefront.orders keeps records for 7 days .* retention.ms=-1"):
        list(feed(settings, JOURNEY, MANNER))
    assert not bodies(settings)


def test_a_file_is_replayed_and_its_bad_lines_are_named(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    good = [event.body for event in JOURNEY.events()]
    path.write_bytes(b"\n".join([*reversed(good), b"{}"]))

    result = CliRunner().invoke(app, ["--events", str(path), "--act-from", "end", "--json"])

    assert result.exit_code == 0, result.output
    assert f"history.jsonl, line {len(good) + 1}: missing_field: type" in result.stderr
    assert orjson.loads(result.stdout)["events"] == len(good)
    assert bodies(settings) == Counter(good)
    assert watermarks(settings, 0)[-1].act_from == JOURNEY.end


def test_a_strict_replay_sends_nothing_when_a_line_is_bad(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(next(JOURNEY.events()).body + b"\n{}\n")

    result = CliRunner().invoke(app, ["--events", str(path), "--strict"])

    assert isinstance(result.exception, TendError)
    assert not bodies(settings)


@pytest.mark.parametrize("how", [[], ["--journey", "--events", "x"], ["--journey", "--act-from", "soon"]])
def test_what_cannot_be_understood_is_said(how: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, how).exception, TendError)


@pytest.mark.faults
def test_a_replay_killed_at_any_moment_is_completed_by_the_same_command(settings: Settings) -> None:
    command = [sys.executable, "-c", "import typer; from agents.commands.replay import replay; typer.run(replay)"]
    command += ["--journey", "--weeks", "1", "--households", "150", "--watermark-every", "50", "--speed", "100"]
    journey = Journey(days=7, households=150)
    for number in (3, 9, 14):
        running = subprocess.Popen(command, env=os.environ, start_new_session=True, stderr=subprocess.DEVNULL)
        while running.poll() is None and marked(settings, journey) < number:
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert not replay_progress(settings, journey.name, teaching(journey)).finished(PARTITIONS)

    subprocess.run(command[:-2], env=os.environ, check=True, timeout=100, capture_output=True)

    assert set(bodies(settings)) == {event.body for event in journey.events()}
    for partition in range(PARTITIONS):
        found = watermarks(settings, partition)
        assert [watermark.number for watermark in found] == list(range(len(found)))
        assert found[-1].finishes
