"""A network that is slow, narrow and cut in the middle of answers costs time, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backends import LocalKafka
from tests.equality.histories import History, Result
from tests.faults.slow_wire import SlowWire
from tests.faults.trials import Step
from tests.faults.trouble import Trouble

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.timeout(300)]

CUTS = 5


def test_a_slow_network_that_is_cut_loses_nothing_and_doubles_nothing(
    own_kafka: LocalKafka, week: History, expected: Result, tmp_path: Path
) -> None:
    with Trouble(own_kafka, week, tmp_path, seed=1, wired=True) as trouble:
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


def _spoil(wires: list[SlowWire], **how: float) -> None:
    for wire in wires:
        wire.spoil(**how)
