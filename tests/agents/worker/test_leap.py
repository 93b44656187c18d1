"""A clock that is weeks ahead of all that a lane has seen is not believed at once."""

from __future__ import annotations

import pytest

from agents.worker.leap import FAR, LASTS, LeapGuard
from schemas.errors import DependencyUnavailable
from schemas.times import DAY, HOUR, MINUTE, SECOND, Millis
from tests.builders import START


class Machine:
    """Its clocks, and the log's newest times: each wait takes some seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steady: Millis = 0
        self.now: Millis = START
        self.log: list[Millis] = []
        self.away = False
        self.said: list[str | None] = []
        monkeypatch.setattr("agents.worker.leap.asyncio.sleep", self._sleep)
        self.guard = LeapGuard(lambda: self.now, self._newest, lambda: self.steady)

    def _newest(self) -> list[Millis]:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        return self.log

    async def _sleep(self, seconds: float) -> None:
        self.steady += round(seconds * SECOND)
        self.now += round(seconds * SECOND)
        self.on_wait()

    def on_wait(self) -> None: ...

    async def prove(self, last: Millis) -> Millis:
        """How long it took."""
        await self.guard.prove(last, self.said.append)
        return self.steady


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.mark.parametrize("last", [0, START, START - 3 * DAY, START - FAR, START + HOUR], ids=str)
async def test_a_lane_that_begins_or_was_away_for_days_waits_for_nothing(machine: Machine, last: Millis) -> None:
    assert await machine.prove(last) == 0
    assert machine.said == [None]


async def test_records_of_today_say_that_the_clock_is_right(machine: Machine) -> None:
    machine.log = [START - 40 * DAY, START - HOUR]

    assert await machine.prove(START - 30 * DAY) == 0


@pytest.mark.parametrize("log", [[], [START - 30 * DAY], [START + 2 * HOUR], [START - 2 * DAY]], ids=str)
async def test_else_it_must_last(machine: Machine, log: list[Millis]) -> None:
    machine.log = log

    assert await machine.prove(START - 30 * DAY) >= LASTS
    assert "nothing in the log is of today" in (machine.said[0] or "")
    assert machine.said[-1] is None


async def test_the_first_event_of_now_ends_the_wait(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "on_wait", lambda: machine.log.append(machine.now))

    assert await machine.prove(START - 30 * DAY) < MINUTE


async def test_a_clock_that_is_put_right_meanwhile_is_believed_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_right() -> None:
        machine.now = START - 30 * DAY + HOUR

    monkeypatch.setattr(machine, "on_wait", put_right)

    assert await machine.prove(START - 30 * DAY) < MINUTE


async def test_a_broker_that_does_not_answer_says_nothing_of_the_clock(machine: Machine) -> None:
    machine.away = True

    assert await machine.prove(START - 30 * DAY) >= LASTS
