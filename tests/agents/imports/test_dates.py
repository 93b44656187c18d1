"""Dates are understood, or refused; never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agents.imports.dates import DateEvidence, Dates
from agents.imports.problems import BadValue
from schemas.errors import TendError
from schemas.times import to_millis, to_rfc3339

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29T10:30:00Z", "2024-02-29T10:30:00.000Z"),
        ("2024-02-29T10:30:00.250+02:00", "2024-02-29T08:30:00.250Z"),
        ("2024-02-29 10:30", "2024-02-29T09:30:00.000Z"),
        ("2024/2/9 8:05:07", "2024-02-09T07:05:07.000Z"),
        ("2024-02-29", "2024-02-29T11:00:00.000Z"),
        ("20240229", "2024-02-29T11:00:00.000Z"),
        ("29.02.2024", "2024-02-29T11:00:00.000Z"),
        ("29/2/2024 18:00", "2024-02-29T17:00:00.000Z"),
        ("29-02-2024, 6:15 PM", "2024-02-29T17:15:00.000Z"),
        ("29.02.2024 12:00 am", "2024-02-28T23:00:00.000Z"),
        ("1709202600", "2024-02-29T10:30:00.000Z"),
        ("1709202600250", "2024-02-29T10:30:00.250Z"),
        ("2024-05-06 10:25:41 -0400", "2024-05-06T14:25:41.000Z"),
        ("2024-05-06 10:25:41 UTC", "2024-05-06T10:25:41.000Z"),
        ("2024-05-06 10:25:41 CEST", "2024-05-06T08:25:41.000Z"),
        ("2024-05-06 10:25 Europe/London", "2024-05-06T09:25:00.000Z"),
        ("Mon May 06 2024 10:25:41 GMT+0200 (Central European Summer Time)", "2024-05-06T08:25:41.000Z"),
        ("Nov 1, 2020, 2:11:22 PM", "2020-11-01T13:11:22.000Z"),
        ("5 March 2024", "2024-03-05T11:00:00.000Z"),
        ("20240229103000", "2024-02-29T09:30:00.000Z"),
        (" 2024-07-01 12:00 ", "2024-07-01T10:00:00.000Z"),
    ],
)
def test_usual_forms_are_understood_in_the_zone_of_the_file(text: str, expected: str) -> None:
    assert to_rfc3339(Dates(BERLIN).read("time", text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "31.02.2024",
        "2024-13-01",
        "1/2/24",
        "12",
        "01.01.2024 25:00",
        "2024",
        "0",
        "-5",
        "2024-05-06 10:00 CST",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="time: "):
        Dates(BERLIN).read("time", text)


def test_a_format_that_is_given_is_the_only_one() -> None:
    dates = Dates(UTC, "%d|%m|%y %I%p")

    assert dates.read("time", "03|04|24 1PM") == to_millis(datetime(2024, 4, 3, 13, tzinfo=UTC))
    with pytest.raises(BadValue, match=r"not the format %d\|%m\|%y %I%p"):
        dates.read("time", "2024-04-03")


def test_a_format_without_a_time_of_day_means_noon() -> None:
    assert Dates(UTC, "%d%m%Y").read("time", "03042024") == to_millis(datetime(2024, 4, 3, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["03/04/2024", "13/04/2024"], "day first"),
        (["03/04/2024", "04/13/2024 10:00"], "month first"),
        (["2024-04-03", "x", ""], None),
        (["45384.25", "45385"], "serial"),
        (["45384.25", "2024-04-03"], None),
        (["04/04/2024"], None),
    ],
)
def test_the_order_of_day_and_month_is_proved_by_the_file(dates: list[str], order: str | None) -> None:
    assert evidence(dates).form("Date") == order


def evidence(dates: list[str]) -> DateEvidence:
    found = DateEvidence()
    for number, text in enumerate(dates, start=2):
        found.see(f"line {number}", text)
    return found


def test_dates_that_can_all_be_read_both_ways_are_refused_with_an_example() -> None:
    with pytest.raises(TendError) as refused:
        evidence(["04/04/2024 10:00", "03/04/2024 10:00", "11/12/2024 10:00"]).form("Date")

    assert "03/04/2024 10:00 (line 3) may be 03 April 2024 or 04 March 2024" in str(refused.value)
    assert "--date-format '%d/%m/%Y %H:%M' or --date-format '%m/%d/%Y %H:%M'" in str(refused.value)


def test_the_month_comes_first_where_the_file_says_so() -> None:
    assert Dates(UTC, form="month first").read("time", "03/04/2024") == to_millis(datetime(2024, 3, 4, 12, tzinfo=UTC))
