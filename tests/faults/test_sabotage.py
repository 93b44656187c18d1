"""Without any one of its safeguards the engine does not come through: so each is needed, and the checks see it.

Each safeguard is taken away in the workers of the test only, and what it guards against is done to them. The same
things are done to whole workers in ``test_kills``, where they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.replay.disturb import shuffled, twice
from agents.replay.replay import Disturb
from schemas.errors import TendError
from tests.backends import LocalKafka
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result, history, rehearsed
from tests.faults.trials import Safeguard, Step
from tests.faults.trouble import Trouble

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.timeout(300)]

SEED = 2


@pytest.fixture(scope="module")
def days() -> History:
    """Two days are enough to be wrong in."""
    return history(first_day=0, days=2, households=300)


@pytest.fixture(scope="module")
def expected(days: History) -> Result:
    """What the pure core makes of them."""
    result = rehearsed(days, settings_of())
    assert len(result.actions) > 50
    return result


def _nothing(trouble: Trouble) -> None:
    trouble.feed_all()


def _kills_before_the_store_knows(trouble: Trouble) -> None:
    for _ in range(3):
        trouble.kill_at(Step.TRIM)


def _freeze_at(step: Step) -> Callable[[Trouble], None]:
    return lambda trouble: trouble.freeze(step, meanwhile=15)


def _another_owner_for_a_moment(trouble: Trouble) -> None:
    for _ in range(3):
        trouble.claim()


def _store_forgets(trouble: Trouble) -> None:
    for _ in range(2):
        trouble.store_forgets()


_DIFFERS = r"\d+ differences|the ledger tells"
_TWICE = "published twice|laid aside once"
_STOPS = "has ended|Nothing has moved"

CASES: list[tuple[Safeguard, Callable[[Trouble], None], int, Disturb | None, str]] = [
    (Safeguard.VERSION, _freeze_at(Step.HANDLE), 2, None, f"{_DIFFERS}|{_STOPS}"),
    (Safeguard.FETCH, _another_owner_for_a_moment, 1, None, f"{_DIFFERS}|{_STOPS}"),
    (Safeguard.FENCE, _freeze_at(Step.COMMIT), 2, None, _TWICE),
    (Safeguard.POSITION, _kills_before_the_store_knows, 1, None, _TWICE),
    (Safeguard.TRIM, _store_forgets, 1, None, _STOPS),
    (Safeguard.DUPLICATES, _nothing, 1, twice, _DIFFERS),
    (Safeguard.ORDER, _nothing, 1, shuffled(SEED), _DIFFERS),
]


def test_no_safeguard_is_left_out() -> None:
    assert {case[0] for case in CASES} == set(Safeguard)


@pytest.mark.parametrize(
    ("safeguard", "happens", "workers", "disturb", "says"), [pytest.param(*case, id=case[0].value) for case in CASES]
)
def test_without_this_safeguard_the_suite_is_red(
    own_kafka: LocalKafka,
    days: History,
    expected: Result,
    tmp_path: Path,
    safeguard: Safeguard,
    happens: Callable[[Trouble], None],
    workers: int,
    disturb: Disturb | None,
    says: str,
) -> None:
    with Trouble(own_kafka, days, tmp_path, SEED, safeguard, disturb, workers) as trouble:
        trouble.patience = 20
        with pytest.raises((AssertionError, TendError), match=says) as red:
            _all_of_it(trouble, happens, expected)

    print(f"without {safeguard}: {str(red.value)[:300]}")  # noqa: T201 - shown with -s


def _all_of_it(trouble: Trouble, happens: Callable[[Trouble], None], expected: Result) -> None:
    happens(trouble)
    trouble.until_done()
    trouble.check(expected)
