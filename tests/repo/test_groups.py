"""What the processes of the quick tests are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.groups import GROUPS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("begins", [begins for files in GROUPS.values() for begins in files])
def test_what_shares_a_server_is_there(begins: str) -> None:
    assert list(ROOT.glob(f"{begins}*"))
