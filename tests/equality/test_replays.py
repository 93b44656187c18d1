"""A replay is a function of the log: the same to the byte, whoever handles it, however it arrives.

Each run here disturbs in several ways at once, so that the quick tests stay quick; ``test_eight_weeks`` takes each
way by itself, over a longer history and on Apache Kafka.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from agents.replay.event import ReplayEvent
from agents.replay.plan import Interval
from agents.replay.replay import Perturb
from schemas.times import DAY, HOUR
from tests.equality.conftest import MakeWorld
from tests.equality.histories import Result
from tests.equality.world import assert_equal
from tests.infra.store_servers import cluster_of_three
from tests.perturb import again, shuffled, twice

pytestmark = pytest.mark.timeout(240)


def test_two_workers_on_a_cluster_of_three_servers_and_every_event_sent_again_in_any_order_change_nothing(
    world: MakeWorld, expected: Result, tmp_path: Path
) -> None:
    with cluster_of_three(tmp_path) as nodes:
        here = world(redis_url=nodes[0].url, redis_cluster=True)
        here.send(_again_and_again())

        here.start(workers=2)
        here.until_done()

        assert_equal(here.result(), expected, here.action_ids())
        here.installation.stop()


def test_workers_that_join_and_leave_while_it_comes_ten_times_slower_change_nothing(
    world: MakeWorld, expected: Result
) -> None:
    here = world()
    here.start()
    changes = {0.2: here.join, 0.4: here.join, 0.6: here.leave, 0.8: here.leave}

    here.send(pace=len(here.history.told) / 20, told=here.at(changes))
    here.until_done()

    assert_equal(here.result(), expected, here.action_ids())


def _again_and_again() -> Perturb:
    """Each event at once, an hour later and a day later once more, and all of it shuffled between two watermarks."""
    later, much_later, mixed = again(HOUR), again(DAY), shuffled(7)

    def perturb(interval: Interval) -> Iterable[ReplayEvent]:
        sent = [*twice(interval), *later(interval), *much_later(interval)]
        return mixed(interval._replace(events=sent))

    return perturb
