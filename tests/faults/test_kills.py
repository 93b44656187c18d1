"""Whatever is killed, frozen or poisoned: the same to the byte, nothing lost and nothing twice, on real Apache Kafka.

What happens, and when, is drawn from a seed; a failure names it. ``TEND_FAULTS_KILLS`` asks for more kills that count,
and so for more seeds; ``TEND_FAULTS_MINUTES`` begins no trial after so long; ``TEND_FAULTS_KEPT`` names a file from
which the next run goes on.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from tests.backends import OwnBroker
from tests.equality.histories import History, Result
from tests.faults.disturbances import DisturbedEngine
from tests.faults.losing_nodes import LosingBrokers, LosingStores
from tests.faults.outcome import Outcome, reasons_for_parking
from tests.faults.probe import Step
from tests.faults.report import Report
from tests.faults.served_engine import ServedEngine
from tests.infra.broker_cluster import BrokerCluster
from tests.infra.store_cluster import StoreCluster

Lost = TypeVar("Lost", bound=DisturbedEngine)
AT_RANDOM = 3
KILLS = 8
"""In the replay of each seed at least so many count: one at each step, and at random two of three."""
AT_RANDOM_IN_SERVICE = 6
KILLS_IN_ALL = 20
"""Kills that count in all trials of one seed together, at least."""
ASKED = int(os.environ.get("TEND_FAULTS_KILLS") or "0")
SEEDS = range(1, 1 + max(2, -(-ASKED // KILLS_IN_ALL)))
"""Two are enough for 16 kills that count, 2 of them at each step; the long run has the rest."""
pytestmark = [pytest.mark.faults, pytest.mark.timeout(2_400 if ASKED else 600)]

OF_OTHERS, OF_OTHERS_IN_SERVICE = 4, 5
OTHERS: tuple[Callable[[DisturbedEngine], None], ...] = (
    DisturbedEngine.join,
    DisturbedEngine.leave,
    DisturbedEngine.restart_store,
    DisturbedEngine.store_forgets,
    # What two seeds come to.
    DisturbedEngine.freeze,
    DisturbedEngine.poison,
    DisturbedEngine.restart_broker,
    DisturbedEngine.store_away,
    DisturbedEngine.rolling_restart,
    DisturbedEngine.store_full,
    DisturbedEngine.wake_for_a_moment,
    DisturbedEngine.starve,
    DisturbedEngine.claim,
)
OTHERS_IN_SERVICE: tuple[Callable[[ServedEngine], None], ...] = (
    ServedEngine.leap,
    ServedEngine.make_topic_anew,
    ServedEngine.poison,
    ServedEngine.freeze,
    ServedEngine.starve,
    ServedEngine.skew,
    ServedEngine.store_forgets,
    ServedEngine.crowd,
    ServedEngine.restart_broker,
)
TO_BROKERS: tuple[Callable[[LosingBrokers], None], ...] = (
    LosingBrokers.kill_leader,
    LosingBrokers.freeze_leader,
    LosingBrokers.lose_power,
    LosingBrokers.restart_broker,
)
TO_STORES: tuple[Callable[[LosingStores], None], ...] = (
    LosingStores.change_over,
    LosingStores.lose_master,
    LosingStores.change_over,
    LosingStores.lose_master,
)
AT_STEPS_OF_SEVERAL_NODES = 3
AT_RANDOM_OF_SEVERAL_NODES = 2


def trials(seed: int) -> list[str]:
    """The names of this seed's trials. Shops in service and several nodes take part in the long run only."""
    kinds = ("replays", "shops", "brokers" if seed % 2 else "stores") if ASKED else ("replays",)
    return [f"{kind} {seed}" for kind in kinds]


def plan(seed: int) -> list[Callable[[DisturbedEngine], None]]:
    """What happens to the replay of this seed, in order: each step is hit, and some of the other troubles come."""
    dice = random.Random(seed)
    at_steps = [lambda trouble, step=step: trouble.kill_at(step) for step in Step]
    some = [OTHERS[(OF_OTHERS * seed + n) % len(OTHERS)] for n in range(OF_OTHERS)]
    troubles = [*at_steps, *[DisturbedEngine.kill_any_time] * AT_RANDOM, DisturbedEngine.kill_learner, *some]
    dice.shuffle(troubles)
    return troubles


def plan_in_service(seed: int) -> list[Callable[[ServedEngine], None]]:
    """What happens to the shop in service."""
    at_steps = [lambda trouble, step=step: trouble.kill_at(step) for step in Step]
    some = [
        OTHERS_IN_SERVICE[(OF_OTHERS_IN_SERVICE * seed + n) % len(OTHERS_IN_SERVICE)]
        for n in range(OF_OTHERS_IN_SERVICE)
    ]
    troubles = [*at_steps, *[ServedEngine.kill_any_time] * AT_RANDOM_IN_SERVICE, *some]
    random.Random(seed).shuffle(troubles)
    return troubles


def plan_of_several_nodes(seed: int, blows: Sequence[Callable[[Lost], None]]) -> list[Callable[[Lost], None]]:
    """What happens to a replay on brokers or a store of several nodes."""
    dice = random.Random(f"several nodes {seed}")
    some = dice.sample(list(Step), AT_STEPS_OF_SEVERAL_NODES)
    at_steps = [lambda trouble, step=step: trouble.kill_at(step) for step in some]
    troubles = [*at_steps, *[DisturbedEngine.kill_any_time] * AT_RANDOM_OF_SEVERAL_NODES, *blows]
    dice.shuffle(troubles)
    return troubles


@pytest.fixture(scope="module", params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    """One after the other, each with both of its trials."""
    asked: int = request.param
    return asked


def test_whatever_happens_the_outcome_is_the_same(
    own_kafka: OwnBroker, week: History, expected: Result, tmp_path: Path, report: Report, seed: int
) -> None:
    with report.trial(f"replays {seed}"), DisturbedEngine(own_kafka, week, tmp_path, seed) as trouble:
        for happens in plan(seed):
            happens(trouble)
        _ends_well(trouble, expected, report, f"replays {seed}")


@pytest.mark.slow
def test_in_service_everybody_is_answered_once(own_kafka: OwnBroker, tmp_path: Path, report: Report, seed: int) -> None:
    if not ASKED and seed != SEEDS[0]:
        pytest.skip("one shop is enough beside the long run")
    with report.trial(f"shops {seed}"), ServedEngine(own_kafka, tmp_path, seed) as trouble:
        for happens in plan_in_service(seed):
            happens(trouble)
        report.found(outcome := trouble.outcome())
        assert outcome == Outcome(), reasons_for_parking(tmp_path)
        trouble.check()
        report.add(f"shops {seed}", trouble.done, len(trouble.customers))
        print(f"shop {seed}: {dict(trouble.done)}")  # noqa: T201 - shown with -s, and where a test fails


@pytest.mark.slow
@pytest.mark.skipif(not ASKED, reason="in the long run only; else each is in test_clusters")
def test_on_brokers_or_a_store_of_several_nodes_it_is_the_same(
    own_kafka: OwnBroker, days: History, expected_of_days: Result, tmp_path: Path, report: Report, seed: int
) -> None:
    _, _, name = trials(seed)
    with report.trial(name), ExitStack() as running:
        trouble: LosingBrokers | LosingStores
        if name.startswith("brokers"):
            brokers = running.enter_context(BrokerCluster(tmp_path / "brokers"))
            trouble = running.enter_context(LosingBrokers(brokers, days, tmp_path, seed))
            for happens in plan_of_several_nodes(seed, TO_BROKERS):
                happens(trouble)
        else:
            trouble = running.enter_context(LosingStores(own_kafka, StoreCluster(tmp_path), days, tmp_path, seed))
            for happens_to_store in plan_of_several_nodes(seed, TO_STORES):
                happens_to_store(trouble)
        _ends_well(trouble, expected_of_days, report, name)


def _ends_well(trouble: DisturbedEngine, expected: Result, report: Report, name: str) -> None:
    trouble.until_done()
    report.found(outcome := trouble.outcome(expected))
    trouble.check(expected)
    if ASKED:
        assert outcome == Outcome(), reasons_for_parking(trouble.directory)
    report.add(name, trouble.done, len(expected.actions))
    print(f"{name}: {dict(trouble.done)}")  # noqa: T201 - shown with -s, and where a test fails


def test_enough_was_killed_and_every_step_was_hit(report: Report) -> None:
    if not report.came_through(name for seed in SEEDS for name in trials(seed)):
        pytest.skip("not every seed was run to its end")
    kills = {step: report.done[f"kill at {step}"] for step in Step}
    assert min(kills.values()) >= len(SEEDS), kills
    assert report.kills >= max(ASKED, KILLS * len(SEEDS)), report.done
    report.finish()
