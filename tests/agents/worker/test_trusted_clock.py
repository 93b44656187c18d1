"""Which time is believed: a clock that leaps is not, until it has lasted and the store says the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from agents.worker.trusted_clock import PROOF, SKEW, ClockDistrusted, TrustedClock
from schemas.errors import DependencyUnavailable
from schemas.times import DAY, HOUR, MINUTE, SECOND, Millis
from tests.builders import START


class Machine:
    """A machine's clocks and the store's, moved by hand: each wait takes a second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steady: Millis = 5_000
        self.wrong: Millis = 0
        self.store_wrong: Millis = 0
        self.away = 0
        self.said: list[str | None] = []
        self.later: Callable[[], None] = lambda: None
        self.waits = 0
        monkeypatch.setattr("agents.worker.trusted_clock.asyncio.sleep", self._sleep)
        self.clock = TrustedClock(lambda: START + self.steady + self.wrong, self._of_store, lambda: self.steady)

    async def _sleep(self, seconds: float) -> None:
        self.steady += round(seconds * SECOND)
        self.waits += 1
        assert self.waits < 500, "it waits for ever"
        self.later()

    async def _of_store(self) -> Millis:
        if self.away:
            self.away -= 1
            raise DependencyUnavailable("the store sleeps")
        return START + self.steady + self.store_wrong

    def prove(self) -> None:
        asyncio.run(self.clock.prove(self.said.append))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(monkeypatch)
    made.prove()
    return made


def test_before_it_was_compared_no_time_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClockDistrusted, match="not compared"):
        Machine(monkeypatch).clock()


def test_a_clock_that_goes_evenly_is_believed(machine: Machine) -> None:
    for step in (0, 20, SECOND, 30 * DAY):
        machine.steady += step
        machine.wrong += 40  # drawn near by a time server
        assert machine.clock() == START + machine.steady + machine.wrong


@pytest.mark.parametrize("leap", [30 * DAY, -HOUR, 2 * MINUTE, -2 * MINUTE, 400_000 * DAY])
def test_a_leap_is_not_believed(machine: Machine, leap: Millis) -> None:
    machine.wrong = leap

    for _ in range(3):
        with pytest.raises(ClockDistrusted, match="leapt by"):
            machine.clock()


def test_a_clock_that_was_wrong_for_a_moment_is_believed_at_once_when_it_is_right_again(machine: Machine) -> None:
    machine.wrong = 30 * DAY
    machine.later = lambda: setattr(machine, "wrong", 0)

    machine.prove()

    assert machine.waits == 1
    assert machine.clock() == START + machine.steady
    assert "the store's" in str(machine.said[-2])
    assert machine.said[-1] is None


def test_while_the_store_says_otherwise_it_is_not_believed_however_long_it_lasts(machine: Machine) -> None:
    machine.wrong = -HOUR
    machine.later = lambda: setattr(machine, "wrong", 0 if machine.waits > 300 else -HOUR)

    machine.prove()

    assert machine.waits == 301


def test_a_leap_that_the_store_took_too_must_have_lasted(machine: Machine) -> None:
    machine.wrong = machine.store_wrong = 3 * HOUR

    machine.prove()

    assert PROOF // SECOND <= machine.waits <= PROOF // SECOND + 2
    assert machine.clock() == START + machine.steady + 3 * HOUR


def test_a_leap_of_both_that_is_taken_back_was_never_believed(machine: Machine) -> None:
    machine.wrong = machine.store_wrong = 30 * DAY

    def back() -> None:
        if machine.waits == 20:
            machine.wrong = machine.store_wrong = 0

    machine.later = back

    machine.prove()

    assert machine.waits == 20
    assert machine.clock() == START + machine.steady


def test_at_the_start_it_waits_for_the_store_and_for_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    machine.away, machine.store_wrong = 2, 2 * SKEW
    machine.later = lambda: setattr(machine, "store_wrong", 0 if machine.waits > 4 else 2 * SKEW)

    machine.prove()

    assert any("the store sleeps" in str(why) for why in machine.said)
    assert any("set the clock that is wrong" in str(why) for why in machine.said)
    assert machine.clock() == START + machine.steady
