"""Without watermarks the lanes merge what they find by time: from a cold backlog that is nearly as good."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.outcome import Decision, decode_decision
from schemas.topics import DECISIONS
from tests.equality.conftest import MakeWorld, settings_of
from tests.equality.histories import History, rehearse
from tests.in_process_runner import InProcessRunner

pytestmark = pytest.mark.timeout(180)


def test_three_producers_and_a_cold_backlog_change_at_most_one_action_in_a_thousand(
    world: MakeWorld, week: History, record_property: Callable[[str, object], None]
) -> None:
    expected = rehearse(week, settings_of(), to_last_event=True)
    here = world(watermarks=False)
    here.send(producers=3)

    here.start()
    here.until_caught_up()

    found = frozenset(here.action_ids())
    differing = found ^ expected.action_ids()
    reasons = _reasons(differing, expected, here.decisions())
    record_property("differing", f"{len(differing)} of {len(expected.action_ids())}")
    assert len(differing) <= len(expected.action_ids()) / 1_000, reasons


def _reasons(differing: frozenset[str], expected: InProcessRunner, ledger: list[Decision]) -> list[str]:
    """Why each action was decided otherwise: both ledgers, side by side."""
    entries = [entry for shelf in expected.shelves for entry in shelf.outbox if entry.topic == DECISIONS]
    ours = _by_action([decode_decision(entry.value) for entry in entries])
    theirs = _by_action(ledger)
    return [
        f"{one}: with watermarks {ours.get(one, 'nothing')}; without {theirs.get(one, 'nothing')}" for one in differing
    ]


def _by_action(decisions: list[Decision]) -> dict[str, str]:
    said: dict[str, str] = {}
    for decision in decisions:
        word = f"{decision.rule} for {decision.customer} {decision.verdict} {decision.reason or ''} at {decision.at}"
        said[decision.action_id] = "; ".join(filter(None, [said.get(decision.action_id), word]))
    return said
