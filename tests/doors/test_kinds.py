"""The table of kinds in docs/connectors.md is complete: no kind without situations, no situation without its kind."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from pathlib import Path

import pytest

from agents.connectors.kinds import KINDS, KindOfInput
from tests.doors.told import DATA, INPUTS, Input

LEAST = 3
"""The situation that it was met in, and two further ones."""


def by_kind() -> dict[str, list[Input]]:
    for path in Path(__file__).parent.glob("test_*.py"):
        import_module(f"tests.doors.{path.stem}")
    found: dict[str, list[Input]] = defaultdict(list)
    for one in INPUTS:
        found[one.kind].append(one)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_shown_by_three_situations_with_their_sources_in_the_files_that_it_names(kind: KindOfInput) -> None:
    shown = by_kind()[kind.name]

    assert len({one.source for one in shown}) >= LEAST
    assert {one.test.split(".")[-2] + ".py" for one in shown} == set(kind.tests)


def test_every_situation_is_of_a_kind_in_the_table() -> None:
    assert set(by_kind()) == {kind.name for kind in KINDS}


def test_every_case_at_hand_is_sent_by_a_test() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [folder.name for folder in DATA.iterdir() if folder.name not in told] == []
