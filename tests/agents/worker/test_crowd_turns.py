"""Turns of a worker's lanes at their crowds of timers."""

from __future__ import annotations

import asyncio

import pytest

from agents.worker import crowd_turns
from agents.worker.crowd_turns import BESIDE_EVENTS, PORTION, CrowdTurns


async def test_no_more_lanes_have_a_turn_than_may() -> None:
    turns = CrowdTurns(at_once=2)
    asked = [turns.ask(lane) for lane in range(3)]

    assert [turn.done() for turn in asked] == [True, True, False]
    turns.give_back(0)
    assert asked[2].done()


async def test_the_next_turn_is_for_whom_the_last_is_longest_ago() -> None:
    turns = CrowdTurns(at_once=1)
    for lane in (3, 1, 2):
        turns.ask(lane)
        turns.give_back(lane)
    turns.ask(9)
    asked = {lane: turns.ask(lane) for lane in (1, 2, 3)}

    order = []
    for after in (9, 3, 1):
        turns.give_back(after)
        order += [lane for lane, turn in asked.items() if turn.done() and lane not in order]
    assert order == [3, 1, 2]


async def test_who_does_not_wait_any_more_gets_none() -> None:
    turns = CrowdTurns(at_once=1)
    turns.ask(0)
    turns.ask(1)
    turns.withdraw(1)
    turns.give_back(0)

    assert turns.ask(2).done()


async def test_events_in_hand_go_first_and_then_portions_are_small() -> None:
    turns = CrowdTurns()
    assert turns.portion == PORTION
    turns.events_begin()
    turn = turns.ask(0)
    assert not turn.done()

    turns.events_end()

    assert turn.done()
    assert turns.portion == BESIDE_EVENTS


async def test_a_store_that_never_rests_looks_at_its_timers_all_the_same() -> None:
    turns = CrowdTurns(at_once=1)
    turns.events_begin()

    for lane in range(3):
        await asyncio.wait_for(turns.ask(lane), 10)
        turns.give_back(lane)


async def test_a_lane_that_waits_for_something_else_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_turns, "_LONGEST_SECONDS", 0.01)
    turns = CrowdTurns(at_once=1)
    turns.ask(0)
    monkeypatch.setattr(crowd_turns, "_LONGEST_SECONDS", 100.0)

    await asyncio.wait_for(turns.ask(1), 10)
    turns.give_back(0)

    assert not turns.ask(2).done(), "what was lent is not given back twice"
