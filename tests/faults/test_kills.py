"""Whatever is killed, frozen or cut: the same to the byte, nothing lost and nothing twice, on real Apache Kafka.

What happens, and when, is drawn from a seed; a failure names it. ``TEND_FAULTS_SEEDS`` asks for more seeds.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backends import OwnBroker
from tests.equality.histories import History, Result
from tests.faults.disturbances import DisturbedEngine
from tests.faults.probe import Step
from tests.faults.report import Report

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SEEDS = range(1, 1 + int(os.environ.get("TEND_FAULTS_SEEDS", "3")))
"""Three are enough for 24 kills that count, 3 of them at each step, and for most of the other troubles."""
AT_RANDOM = 3
KILLS = 8
"""Under each seed at least so many count: one at each step, and at random two of three."""
LONG = (20, 200)
"""So many seeds or more must come to so many kills together."""
OF_OTHERS = 3
OTHERS: tuple[Callable[[DisturbedEngine], None], ...] = (
    DisturbedEngine.store_forgets,
    DisturbedEngine.freeze,
    DisturbedEngine.restart_broker,
    DisturbedEngine.join,
    DisturbedEngine.store_away,
    DisturbedEngine.leave,
    DisturbedEngine.restart_store,
    DisturbedEngine.claim,
    DisturbedEngine.rolling_restart,
    DisturbedEngine.store_full,
    DisturbedEngine.wake_for_a_moment,
)


def plan(seed: int) -> list[Callable[[DisturbedEngine], None]]:
    """What happens under this seed, in order: each step is hit, and some of the other troubles come."""
    dice = random.Random(seed)
    at_steps = [lambda trouble, step=step: trouble.kill_at(step) for step in Step]
    some = [OTHERS[(OF_OTHERS * seed + n) % len(OTHERS)] for n in range(OF_OTHERS)]
    troubles = [*at_steps, *[DisturbedEngine.kill_any_time] * AT_RANDOM, DisturbedEngine.kill_learner, *some]
    dice.shuffle(troubles)
    return troubles


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    """What was done in this run; checked at its end, and written where it is asked for."""
    report = Report(SEEDS)
    yield report
    report.write()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_outcome_is_the_same(
    own_kafka: OwnBroker, week: History, expected: Result, tmp_path: Path, report: Report, seed: int
) -> None:
    with DisturbedEngine(own_kafka, week, tmp_path, seed) as trouble:
        for happens in plan(seed):
            happens(trouble)
        trouble.until_done()
        trouble.check(expected)
        report.add(seed, trouble.done, len(expected.actions))
        print(f"seed {seed}: {dict(trouble.done)}")  # noqa: T201 - shown with -s, and where a test fails


def test_enough_was_killed_and_every_step_was_hit(report: Report) -> None:
    if set(report.seeds) != set(SEEDS):
        pytest.skip("not every seed was run to its end")
    kills = {step: report.done[f"kill at {step}"] for step in Step}
    assert min(kills.values()) >= len(SEEDS), kills
    seeds, kills_of_them = LONG
    assert report.kills >= (kills_of_them if len(SEEDS) >= seeds else KILLS * len(SEEDS)), report.done
