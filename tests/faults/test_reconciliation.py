"""Events in = applied + duplicates + dead letters + forwarded + in flight; proposed = published + held + refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.replay.event import ReplayEvent
from agents.replay.plan import Interval
from agents.replay.replay import Progress
from schemas.outcome import Verdict
from schemas.times import HOUR
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result
from tests.equality.world import World, assert_equal
from tests.faults.garbage import Garbage
from tests.faults.reconciliation import GIVEN, check_ledger, totals
from tests.perturb import again

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def world(broker: str, store_server: str, group: str, week: History, tmp_path: Path) -> Iterator[World]:
    """A running engine with two workers."""
    settings = settings_of(brokers=broker, redis_url=store_server, group=group, data_dir=str(tmp_path))
    made = World(settings, tmp_path, week)
    made.installation.make_topics()
    made.start(workers=2)
    yield made
    made.installation.stop()


def test_the_books_balance_while_it_runs_and_at_its_end(world: World, expected: Result) -> None:
    later, garbage, sent = again(HOUR), Garbage(3), Counter[str]()

    def perturb(interval: Interval) -> list[ReplayEvent]:
        told = list(later(interval))
        told += garbage.beside(told)
        sent["events"] += len(told)
        return told

    def look(progress: Progress) -> None:
        if progress.number % 5 == 0:
            assert handled() <= sent["events"]

    def handled() -> float:
        counted = totals(world.installation.workers)
        names = ("tend_events_total", "tend_duplicates_total", "tend_dead_letters_total", "tend_forwarded_total")
        return sum(counted[name] for name in names)

    world.send(perturb, told=look)
    world.until_done()

    assert handled() == sent["events"]
    published, ledger = world.action_ids(), world.decisions()
    assert_equal(world.result(), expected, published)
    check_ledger(ledger, published, world.result())
    counted = totals(world.installation.workers)
    verdicts = Counter(one.verdict for one in ledger)
    assert counted["tend_actions_total"] == len(published) == sum(verdicts[one] for one in GIVEN)
    not_due = sum(one.is_not_due for one in ledger)
    assert counted["tend_not_due_total"] == not_due
    assert counted["tend_suppressed_total"] == verdicts[Verdict.REFUSED] - not_due
    assert counted["tend_held_total"] == verdicts[Verdict.HELD]
    assert counted["tend_dead_letters_total"] == len(garbage.sent)
