"""A replay says where it is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from agents.replay.display import shown
from agents.replay.replay import Progress
from agents.simulate.journey import Journey
from schemas.times import DAY

JOURNEY = Journey(days=4)
STEPS = [Progress(day, JOURNEY.start + day * DAY, 10 * day, 10 * day, day == 4) for day in range(5)]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_with_its_date_and_handed_on(terminal: bool) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100)

    assert list(shown(STEPS, JOURNEY, console)) == STEPS
    assert "2017-01-05" in text.getvalue()
    assert "100 %  40 events" in text.getvalue()
