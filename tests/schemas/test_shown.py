"""What customers and producers wrote is shown on a terminal, and neither colours nor crashes it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.shown import harmless, shown, shown_json, shown_lines, shown_page

NASTY = [
    "Anna [/b]", "[link=http://evil.example]Click[/link]", "A\x1b]0;owned\x07\x1b[2J\x1b[31m", "a\nWARNING root: fine",
    "moc.elpmaxe\u202e", "\x9b31m", "\ud800", "tab\there", "\u2028line", ":smiley:",
]  # fmt: skip


@given(st.text(st.characters(codec=None), max_size=40) | st.sampled_from(NASTY))
def test_no_text_reaches_a_terminal_as_more_than_text(text: str) -> None:
    found = shown(text)

    assert len(found.splitlines()) <= 1
    assert not any(char in found for char in "\x1b\x9b\x07\r\n\t\x00\u202e\u2066\u2028\ud800")
    found.encode()


@given(st.text(st.characters(codec=None), max_size=40))
def test_lines_stay_lines(text: str) -> None:
    assert shown_lines(text).split("\n") == [shown(line) for line in text.split("\n")]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40) | st.sampled_from(NASTY[:6])))
def test_json_says_the_same_and_moves_nothing_on_a_terminal(told: dict[str, str]) -> None:
    made = shown_json(json.dumps(told, ensure_ascii=False, indent=2))

    assert json.loads(made) == told
    assert not any(char in made for char in "\x1b\x9b\x07\x00\u202e\u2066\u2028\U000e0001")


@pytest.mark.parametrize("text", ["Anna Müller-Lüdenscheidt", "王小明", "می‌خواهم", "👩‍🚀", "a [b] {c} \\d"])
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


@given(st.text(max_size=40) | st.sampled_from(NASTY))
def test_what_customers_read_is_one_line_without_what_is_unseen(text: str) -> None:
    found = harmless(text)

    assert len(found.splitlines()) <= 1
    assert not any(char in found for char in "\x1b\x9b\r\n\t\x00\u200b\u202e\u2066\u2028")
    assert harmless(found) == found


def test_a_page_keeps_its_lines() -> None:
    assert shown_page("one\r\n\ttwo\u202e") == "one\r\n\ttwo\\u202e"
