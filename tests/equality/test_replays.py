"""A replay is a function of the log: the same to the byte, whoever handles it, however it arrives."""

from __future__ import annotations

import pytest

from agents.replay.disturb import again, shuffled, twice
from agents.replay.replay import Disturb
from schemas.times import DAY, HOUR
from tests.equality.conftest import MakeWorld
from tests.equality.histories import Result
from tests.equality.world import assert_equal

pytestmark = pytest.mark.timeout(180)


def test_the_engine_catching_up_from_a_full_backlog_equals_the_pure_core(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.send()

    here.start()
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def test_ten_times_slower_changes_nothing(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.start()

    here.send(pace=len(here.history.told) / 20)
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def test_two_workers_do_what_one_does(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.send()

    here.start(workers=2)
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def test_two_that_join_and_leave_in_the_middle_change_nothing(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.start()
    changes = {0.2: here.join, 0.4: here.join, 0.6: here.leave, 0.8: here.leave}

    here.send(pace=len(here.history.told) / 20, told=here.at(changes))
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


@pytest.mark.parametrize("disturb", [twice, again(HOUR), again(DAY)], ids=["at once", "an hour later", "a day later"])
def test_events_sent_again_change_nothing(world: MakeWorld, expected: Result, disturb: Disturb) -> None:
    here = world()
    here.send(disturb)

    here.start()
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def test_the_order_of_arrival_between_two_marks_does_not_matter(world: MakeWorld, expected: Result) -> None:
    here = world()
    here.send(shuffled(7))

    here.start()
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())
