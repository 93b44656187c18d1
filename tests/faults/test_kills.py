"""Whatever is killed, frozen or cut: the same to the byte, nothing lost and nothing twice, on real Apache Kafka.

What happens, and when, is drawn from a seed; a failure names it. ``TEND_FAULTS_SEEDS`` asks for more seeds.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backends import LocalKafka
from tests.equality.histories import History, Result
from tests.faults.report import Report
from tests.faults.trials import Step
from tests.faults.trouble import Trouble

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.timeout(600)]

SEEDS = range(1, 1 + int(os.environ.get("TEND_FAULTS_SEEDS", "5")))
AT_RANDOM = 3
OTHERS: tuple[Callable[[Trouble], None], ...] = (
    Trouble.store_forgets,
    Trouble.freeze,
    Trouble.restart_broker,
    Trouble.join,
    Trouble.store_away,
    Trouble.leave,
    Trouble.restart_store,
    Trouble.claim,
)


def plan(seed: int) -> list[Callable[[Trouble], None]]:
    """What happens under this seed, in order: each step is hit, and some of the other troubles come."""
    dice = random.Random(seed)
    at_steps = [lambda trouble, step=step: trouble.kill_at(step) for step in Step]
    some = [OTHERS[(3 * seed + n) % len(OTHERS)] for n in range(3)]
    troubles = [*at_steps, *[Trouble.kill_any_time] * AT_RANDOM, Trouble.kill_learner, *some]
    dice.shuffle(troubles)
    return troubles


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    """What was done in this run; checked at its end, and written where it is asked for."""
    report = Report()
    yield report
    report.write()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_outcome_is_the_same(
    own_kafka: LocalKafka, week: History, expected: Result, tmp_path: Path, report: Report, seed: int
) -> None:
    with Trouble(own_kafka, week, tmp_path, seed) as trouble:
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
    assert report.kills >= 8 * len(SEEDS), report.done
