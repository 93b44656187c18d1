"""Spans of time in words."""

from __future__ import annotations

import pytest

from rules.durations import in_words, parse_duration
from schemas.times import DAY, HOUR, MINUTE, WEEK


@pytest.mark.parametrize(
    ("text", "span"),
    [("45 minutes", 45 * MINUTE), ("1 hour", HOUR), ("7 days", WEEK), ("2 weeks", 2 * WEEK), ("0 minutes", 0)],
)
def test_a_number_and_a_unit_are_a_span(text: str, span: int) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["7", "7d", "seven days", "1.5 hours", "-1 day", "7  days", 7, None, ["1 day"]])
def test_anything_else_is_none(text: object) -> None:
    with pytest.raises(ValueError, match="expected a span such as"):
        parse_duration(text)


def test_more_than_ten_years_is_too_long() -> None:
    with pytest.raises(ValueError, match="at most ten years"):
        parse_duration("3661 days")


@pytest.mark.parametrize(
    ("span", "words"), [(90 * MINUTE, "90 minutes"), (DAY, "1 day"), (14 * DAY, "2 weeks"), (0, "0 minutes")]
)
def test_it_is_told_in_the_largest_unit_that_fits(span: int, words: str) -> None:
    assert in_words(span) == words
