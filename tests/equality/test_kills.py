"""Killed in the middle and started again: the same to the byte, and nothing published twice."""

from __future__ import annotations

import pytest

from tests.equality.conftest import MakeWorld
from tests.equality.histories import Result
from tests.equality.world import assert_equal

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

_KILLS = (0.15, 0.4, 0.7)
"""How far the lanes have come, as a share of the history, when it happens."""


def test_a_worker_killed_several_times_changes_nothing(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.send()
    here.start()

    for share in _KILLS:
        here.until_decided(share)
        worker = here.installation.workers[0]
        worker.kill()
        worker.start()
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def test_a_learner_killed_several_times_changes_nothing(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.send()
    here.start()

    for share in _KILLS:
        here.until_decided(share)
        here.installation.learner.kill()
        here.installation.learner.start()
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())
