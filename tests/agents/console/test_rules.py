"""What *Rules* says of all rules together."""

from __future__ import annotations

import pytest

from agents.console.rules import says
from agents.console.words import LANGUAGES, Words

ROWS = [
    {"acted": 3, "not_sent": 1, "held": 0},
    {"acted": 0, "not_sent": 0, "held": 1},
    {"acted": 0, "not_sent": 0, "held": 0},
]


def test_only_rules_that_had_something_to_propose_are_counted() -> None:
    assert says(ROWS, Words("en", "UTC")) == "2 rules acted 3 times in four weeks, and kept still 2 times."


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_happened_it_is_said_in_each_language(language: str) -> None:
    assert "0" in says([], Words(language, "UTC"))
