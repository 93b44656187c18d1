"""Without any one of its guards a quick test is red: so each guard is needed, and seen to be."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.faults.probe import ROOT
from tests.faults.unguarded import GUARDS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def without() -> dict[str, int]:
    """pytest's exit status without each guard."""
    command = [sys.executable, "-m", "tests.faults.unguarded"]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    found: dict[str, int] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("name", GUARDS)
def test_without_this_guard_its_test_is_red(without: dict[str, int], name: str) -> None:
    assert without[name] == pytest.ExitCode.TESTS_FAILED
