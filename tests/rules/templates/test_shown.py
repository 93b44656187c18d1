"""Values are written as readers of a language and region write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rules.templates.shown import Audience, day, moment, money, percent

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("locale", "mail", "sms"),
    [
        ("en-US", "Saturday, November 14", "Nov 14"),
        ("en-GB", "Saturday 14 November", "14 Nov"),
        ("de", "Samstag, 14. November", "14.11."),
        ("zh-CN", "11月14日（周六）", "11月14日"),
    ],
)
def test_dates_follow_language_and_region(locale: str, mail: str, sms: str) -> None:
    assert day("2026-11-14", Audience(locale, TODAY)) == mail
    assert day("2026-11-14", Audience(locale, TODAY, short=True)) == sms


def test_a_date_far_away_is_told_with_its_year() -> None:
    assert day("2027-11-14", Audience("en-US", TODAY)) == "Sunday, November 14, 2027"
    assert day("2027-09-14", Audience("en-US", TODAY)) == "Tuesday, September 14"


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "told"),
    [
        ("en-US", 6450, "USD", "$64.50"),
        ("de", 6450, "EUR", "64,50\u00a0€"),
        ("zh-CN", 6450, "CNY", "¥64.50"),
        ("ja", 1000, "JPY", "￥1,000"),
        ("en", 5000, "UGX", "UGX\u00a05,000"),
    ],
)
def test_money_follows_language_region_and_the_digits_of_its_currency(
    locale: str, minor: int, currency: str, told: str
) -> None:
    assert money(minor, currency, Audience(locale, TODAY)) == told


def test_percent_is_what_is_taken_off_or_in_chinese_what_is_left_to_pay() -> None:
    assert percent(15, Audience("en", TODAY)) == "15%"
    assert percent(15, Audience("de", TODAY)) == "15\u00a0%"
    assert percent(15, Audience("de", TODAY, short=True)) == "15 %"
    assert [percent(off, Audience("zh-CN", TODAY)) for off in (10, 15, 20)] == ["9 折", "8.5 折", "8 折"]


def test_a_moment_is_told_in_the_zone_it_carries() -> None:
    told = moment(datetime(2026, 11, 14, 16, 30, tzinfo=UTC), Audience("de", TODAY))

    assert told == "14.11., 16:30"
