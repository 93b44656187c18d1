"""The same over eight weeks: long enough for lessons to mature and the model to move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.replay.replay import Perturb
from schemas.times import DAY, HOUR
from tests.equality.conftest import MakeWorld, settings_of
from tests.equality.histories import History, Result, history, rehearsed
from tests.equality.world import World, assert_equal
from tests.perturb import again, both, shuffled, twice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_ACT_AFTER_DAYS = 28


@pytest.fixture(scope="module")
def weeks() -> History:
    """Eight weeks of a sample of the households; the first four only teach."""
    return history(first_day=0, days=56, households=160, act_after=_ACT_AFTER_DAYS)


@pytest.fixture(scope="module")
def expected(weeks: History) -> Result:
    """What the pure core makes of them."""
    result = rehearsed(weeks, settings_of())
    assert len(result.actions) > 100
    assert len(set(result.almanacs.values())) == 56
    return result


def _one(here: World) -> None:
    here.send()
    here.start()


def _join_and_leave(here: World) -> None:
    here.start()
    here.send(pace=1_500, told=here.at({0.2: here.join, 0.4: here.join, 0.6: here.leave, 0.8: here.leave}))


def _disturbed(perturb: Perturb) -> Callable[[World], None]:
    def run(here: World) -> None:
        here.send(perturb)
        here.start(workers=2)

    return run


def _killed(here: World) -> None:
    here.send()
    here.start(workers=2)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        here.until_decided(share)
        for service in (here.installation.workers[0], here.installation.learner):
            service.kill()
            service.start()


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(_one, id="one worker"),
        pytest.param(_join_and_leave, id="join and leave"),
        pytest.param(_disturbed(both(twice, shuffled(3))), id="twice and shuffled"),
        pytest.param(_disturbed(both(again(HOUR), again(DAY))), id="again an hour and a day later"),
        pytest.param(_killed, id="worker and learner killed"),
    ],
)
def test_eight_weeks_are_the_same_to_the_byte(
    world: MakeWorld, weeks: History, expected: Result, run: Callable[[World], None]
) -> None:
    here = world(weeks)

    run(here)
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())
