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
from infra.store import Store, redis_store
from schemas.errors import Fenced, TendError
from schemas.lane import Commit
from tests.backends import LocalKafka
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result, history, rehearsed
from tests.faults.sabotage import sabotage
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
    return lambda trouble: trouble.freeze(step, meanwhile=6)


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
    (Safeguard.FETCH, _another_owner_for_a_moment, 1, None, f"{_DIFFERS}|{_STOPS}"),
    (Safeguard.FENCE, _freeze_at(Step.COMMIT), 2, None, _TWICE),
    (Safeguard.POSITION, _kills_before_the_store_knows, 1, None, _TWICE),
    (Safeguard.TRIM, _store_forgets, 1, None, _STOPS),
    (Safeguard.DUPLICATES, _nothing, 1, twice, _DIFFERS),
    (Safeguard.ORDER, _nothing, 1, shuffled(SEED), _DIFFERS),
]


def test_no_safeguard_is_left_out() -> None:
    assert {case[0] for case in CASES} | {Safeguard.VERSION} == set(Safeguard)


async def test_without_the_version_a_zombie_takes_the_lane_back(
    store_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the store itself: a whole engine heals when it lives through what the zombie took back."""
    with pytest.raises(Fenced):
        await _zombie_commits(store_server)
    monkeypatch.setattr(Store, "commit", Store.commit)  # put back at the end, whatever is put there meanwhile
    monkeypatch.setattr(redis_store, "_script", redis_store._script)
    sabotage(Safeguard.VERSION)

    assert await _zombie_commits(store_server) == b"of the zombie"


async def _zombie_commits(url: str) -> bytes | None:
    async with Store(url) as zombie, Store(url) as owner:
        before = await zombie.claim(0)
        after = await owner.claim(0)
        await owner.commit(0, after.version, Commit(b"of the owner"))
        await zombie.commit(0, before.version, Commit(b"of the zombie"))
        held = await owner.lane(0)
        return held[1] if held else None


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
