"""What the gateway answered as safe is in Kafka, however it dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from agents.catalogue import topic_specs
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.topics import Topics
from infra.settings import load_settings
from schemas.topics import BROWSE

KILLS = 50
LIFE_SECONDS = 0.4


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_in_kafka_over_fifty_kills_under_load(broker: str, tmp_path: Path) -> None:
    settings = load_settings({"brokers": broker, "data_dir": tmp_path, "partitions": 2})
    connection = KafkaConnection.of(settings)
    Topics(connection).create(topic_specs(settings), 1)

    program = [
        sys.executable,
        "-m",
        "tests.agents.gateway.killed",
        broker,
        str(tmp_path),
        str(LIFE_SECONDS),
        str(KILLS),
    ]
    run = subprocess.run(program, capture_output=True, timeout=500, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2_000:]

    acknowledged = run.stdout.split()
    with PartitionLog(connection) as log:
        kept = [orjson.loads(one.value or b"")["id"] for p in range(2) for one in log.read(BROWSE, p, 0)]
    assert len(acknowledged) > KILLS
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) - set(kept) == set(), "answered as safe, and not in Kafka"
    assert len(kept) == len(set(kept)), "the producer repeats nothing"
