"""Whoever runs a store is told where its calendar ends."""

from __future__ import annotations

from datetime import date

from agents.calendar_warnings import calendar_warnings
from rules.loading import shipped
from rules.working_days import last_announced
from tests.rules.moments import book


def test_a_store_in_china_is_told_before_the_announced_days_end() -> None:
    china, last = book("defaults:\n  place: {zone: Asia/Shanghai}\n"), last_announced("CN")
    assert last

    assert calendar_warnings(china, date(last, 6, 1)) == []
    (warning,) = calendar_warnings(china, date(last, 12, 10))
    assert warning.startswith(f"The make-up working days of CN are known up to {last}, and those of {last + 1} are not")


def test_a_store_where_no_days_are_moved_is_told_nothing() -> None:
    assert calendar_warnings(shipped(), date(2060, 1, 1)) == []
