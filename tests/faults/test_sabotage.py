"""Without any one of its safeguards the engine does not come through: so each is needed, and the checks see it.

Each safeguard is taken away in the workers of the test only, and what it guards against is done to them. The same
things are done to whole workers in ``test_kills``, where they change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from agents.replay.replay import Perturb
from schemas.errors import TendError
from tests.backends import OwnBroker
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result, history, rehearsed
from tests.faults.disturbances import DisturbedEngine
from tests.faults.fed_engine import EVERY
from tests.faults.outcome import reasons_for_parking
from tests.faults.probe import Safeguard, Step
from tests.perturb import in_order, shuffled, twice

pytestmark = [pytest.mark.faults, pytest.mark.timeout(500)]

SEEDS = (2, 3, 4)


@pytest.fixture(scope="module")
def days() -> History:
    """Some days are enough to be wrong in, and for customers to come again."""
    return history(first_day=0, days=5, households=300)


@pytest.fixture(scope="module")
def expected(days: History) -> Result:
    """What the pure core makes of them."""
    result = rehearsed(days, settings_of())
    assert len(result.actions) > 50
    return result


def _nothing(trouble: DisturbedEngine) -> None:
    trouble.feed_all()


def _kills_before_the_store_knows(trouble: DisturbedEngine) -> None:
    for _ in range(3):
        trouble.kill_at(Step.TRIM)


def _freezes_before_it_publishes(trouble: DisturbedEngine) -> None:
    trouble.freeze(Step.COMMIT, meanwhile=6)


def _wakes_for_a_moment(trouble: DisturbedEngine) -> None:
    trouble.wake_for_a_moment(meanwhile=25)


def _another_owner_for_a_moment(trouble: DisturbedEngine) -> None:
    for _ in range(3):
        trouble.claim()


def _store_forgets(trouble: DisturbedEngine) -> None:
    for _ in range(2):
        trouble.store_forgets()


_DIFFERS = r"\d+ differences|the ledger tells"
_TWICE = "published twice|laid aside once"
_STOPS = "Nothing has moved|ended while starting"
_NO_OWNER = "still not: the others have taken over"
_WENT_BACK = "those between are not in the outbox"


class Case(NamedTuple):
    """What is done to an engine without a safeguard, and what tells of it."""

    safeguard: Safeguard
    happens: Callable[[DisturbedEngine], None]
    says: str
    workers: int = 1
    perturb: Perturb | None = None
    every: int = EVERY
    patience: float = 20


CASES = [
    # Large intervals, so that the zombie takes back much; in order, as what is sent twice would come again.
    Case(Safeguard.VERSION, _wakes_for_a_moment, _DIFFERS, workers=2, perturb=in_order, every=60),
    Case(Safeguard.FETCH, _another_owner_for_a_moment, f"{_DIFFERS}|{_STOPS}"),
    # Nobody ends the transaction of a zombie that is not fenced, but its time-out of 30 s; new owners wait behind it.
    # Or it says, once awake, how far it has come itself, and whoever opens next finds the store far ahead of that.
    Case(Safeguard.FENCE, _freezes_before_it_publishes, f"{_TWICE}|{_NO_OWNER}|{_WENT_BACK}", workers=2, patience=45),
    Case(Safeguard.POSITION, _kills_before_the_store_knows, _TWICE),
    Case(Safeguard.TRIM, _store_forgets, _STOPS),
    Case(Safeguard.DUPLICATES, _nothing, _DIFFERS, perturb=twice),
    Case(Safeguard.ORDER, _nothing, _DIFFERS, perturb=shuffled(SEEDS[0])),
]


def test_no_safeguard_is_left_out() -> None:
    elsewhere = {Safeguard.TOPICS, Safeguard.IDENTITY}  # engine/test_topics_made_anew.py, faults/test_identity.py
    assert {case.safeguard for case in CASES} | elsewhere == set(Safeguard)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.safeguard.value)
def test_without_this_safeguard_the_suite_is_red(
    own_kafka: OwnBroker, days: History, expected: Result, tmp_path: Path, case: Case
) -> None:
    # Chance has its part in what a kill meets: of three tries one must be red, and for the reason expected.
    said: list[str] = []
    for seed in SEEDS:
        said.append(_red(own_kafka, days, expected, tmp_path / str(seed), case, seed)[:600])
        print(f"without {case.safeguard}, seed {seed}: {said[-1]}")  # noqa: T201 - shown with -s
        if re.search(case.says, said[-1]):
            return
    pytest.fail(f"without {case.safeguard}, instead of {case.says}: {said}")


def _red(kafka: OwnBroker, days: History, expected: Result, directory: Path, case: Case, seed: int) -> str:
    directory.mkdir()
    with DisturbedEngine(
        kafka, days, directory, seed, case.safeguard, case.perturb, case.workers, every=case.every
    ) as trouble:
        trouble.patience = case.patience
        try:
            _all_of_it(trouble, case.happens, expected)
        except (AssertionError, TendError, TimeoutError) as red:
            return f"{red}. {' '.join(reasons_for_parking(directory))}"
    return ""


def _all_of_it(trouble: DisturbedEngine, happens: Callable[[DisturbedEngine], None], expected: Result) -> None:
    happens(trouble)
    trouble.until_done()
    trouble.check(expected)
