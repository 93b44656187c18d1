"""Lanes that are simulated: nothing is lost, and they hold as much as the costs say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.lane_simulation import SESSION, STORE, Costs, costs_of, simulate

COSTS = Costs(turn=0.002, event=0.0002, out=0.004)
FULL = 1 / COSTS.event
"""Events a second of a worker whose turns are full."""


@pytest.mark.parametrize(("workers", "partitions"), [(2, 4), (3, 8)])
def test_every_event_is_handled_and_takes_at_least_a_turn(workers: int, partitions: int) -> None:
    seen = simulate(workers, partitions, 300 * workers, 6, COSTS)

    assert seen.waited.min() > COSTS.turn + STORE + COSTS.out
    assert 0 < seen.busy < 1


def test_the_more_comes_the_longer_an_event_waits_and_the_fuller_are_turns() -> None:
    calm, half, full = (simulate(2, 8, 2 * FULL * share, 3, COSTS) for share in (0.02, 0.5, 0.95))

    assert np.median(calm.waited) < np.median(half.waited) < np.median(full.waited)
    assert calm.busy < half.busy
    assert np.quantile(half.waited, 0.99) < 0.1, "half of what it can is no backlog"


def test_lanes_of_a_worker_that_failed_wait_for_its_session_and_catch_up() -> None:
    seen = simulate(4, 8, 4 * FULL * 0.4, 36, COSTS)

    assert SESSION < seen.longest < seen.caught_up < 20


def test_two_that_are_nearly_full_cannot_be_one() -> None:
    seen = simulate(2, 8, 2 * FULL * 0.8, 24, COSTS)

    assert seen.longest > SESSION
    assert seen.caught_up > 16, "behind until all is told"


def test_costs_are_those_of_the_committed_tables() -> None:
    costs = costs_of()

    assert 0 < costs.event < costs.turn < 0.01
