"""What a long run of the fault suite tells, good or bad, and across interruptions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.outcome import MADE_ANEW, Outcome
from tests.faults.report import Report


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the run is told, and kept for the next."""
    page = tmp_path / "faults.md"
    monkeypatch.setenv("TEND_FAULTS_REPORT", str(page))
    monkeypatch.setenv("TEND_FAULTS_KEPT", str(tmp_path / "faults.json"))
    return page


def test_what_is_lost_doubled_parked_or_different_is_counted(tmp_path: Path) -> None:
    (tmp_path / "worker-1.log").write_text(f"Lane 2 is parked: it broke\nLane 0 is parked: {MADE_ANEW}\n")

    found = Outcome.of(["due", "out"], ["out", "out", "too much"], tmp_path, different=3)

    assert found == Outcome(lost=1, doubled=1, parked=1, different=3)
    assert found + found == Outcome(2, 2, 2, 6)


def test_the_page_tells_of_it_and_of_a_trial_that_came_through_only_when_it_was_tried_again(page: Path) -> None:
    with pytest.raises(AssertionError):
        _try_and_fail(Report(), Outcome(lost=1, doubled=2, parked=3, different=4))

    again = Report()
    with again.trial("shops 1"):
        again.add("shops 1", Counter({"kill at commit": 5}), 1_000)

    told = " ".join(page.read_text().split())
    assert "1 lost, 2 doubled, 4 differences, 3 times a lane parked without cause." in told
    assert "Failed on the way: shops 1 (AssertionError)." in told
    assert "| **kills that count** | **5** |" in told


def _try_and_fail(report: Report, outcome: Outcome) -> None:
    with report.trial("shops 1"):
        report.found(outcome)
        assert outcome == Outcome()


def test_a_run_goes_on_behind_what_came_through(page: Path) -> None:
    report = Report()
    with report.trial("replays 1"):
        report.add("replays 1", Counter({"kill at commit": 1}), 10)

    after = Report()
    assert after.kills == 1
    assert after.came_through(["replays 1"])
    with pytest.raises(pytest.skip.Exception, match="an earlier run"), after.trial("replays 1"):
        pytest.fail("it is not tried again")


def test_no_trial_begins_once_time_is_up(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_FAULTS_MINUTES", "-1")

    with pytest.raises(pytest.skip.Exception, match="time is up"), Report().trial("replays 1"):
        pytest.fail("it is not begun")
