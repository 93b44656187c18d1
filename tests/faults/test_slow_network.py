"""A network that is slow, narrow and cut in the middle of answers costs time, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from tests.backends import OwnBroker, delete_topics
from tests.equality.histories import History, Result
from tests.faults.disturbances import DisturbedEngine
from tests.faults.probe import Step
from tests.faults.slow_wire import SlowWire

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

CUTS = 5


def test_a_slow_network_that_is_cut_loses_nothing_and_doubles_nothing(
    own_kafka: OwnBroker, week: History, expected: Result, tmp_path: Path
) -> None:
    with DisturbedEngine(own_kafka, week, tmp_path, seed=1, wired=True) as trouble:
        _spoil(trouble.wires, latency=0.03, bytes_per_second=200_000)
        trouble.feed(10)
        trouble.kill_at(Step.PUBLISH)

        _spoil(trouble.wires, latency=0.003, cut_share=0.03)
        while min(wire.cuts for wire in trouble.wires) < CUTS and trouble.feed(2):
            trouble.until_handled()

        _spoil(trouble.wires)
        trouble.until_done()
        trouble.check(expected)
        assert min(wire.cuts for wire in trouble.wires) >= CUTS


def test_who_asks_where_logs_end_waits_out_connections_that_are_cut(own_kafka: OwnBroker) -> None:
    delete_topics(own_kafka.address)
    Topics(KafkaConnection(own_kafka.address)).create([TopicSpec("orders", 6)])
    producer = BulkProducer(KafkaConnection(own_kafka.address))
    for partition in range(6):
        producer.send("orders", partition, None, b"%d" % partition, 1)
    producer.flush()

    with SlowWire(own_kafka.far_port, 1, own_kafka.wire_port) as wire:
        wire.spoil(cut_share=0.2)
        while wire.cuts < CUTS:
            assert Topics(KafkaConnection(wire.address)).end_offsets(["orders"]) == {"orders": [1] * 6}


def _spoil(wires: list[SlowWire], **how: float) -> None:
    for wire in wires:
        wire.spoil(**how)
