"""Public holidays and working days, beside what governments announced."""

from __future__ import annotations

from datetime import date

import pytest

from rules.facts import FactReader
from rules.loading import shipped
from rules.working_days import announced, holiday, is_working_day, last_announced, next_working_day
from schemas.profile import Profile
from schemas.times import DAY, Millis, to_datetime, to_millis
from tests.rules.moments import Moments, at, customer, rule, rules

CALL = {"kind": "callback", "text": "hello", "due": "3 days"}


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        # General Office of the State Council of China, notices on the holidays of 2025 and 2026
        (date(2025, 1, 26), True),  # a Sunday that makes up
        (date(2025, 1, 28), False),  # Spring Festival
        (date(2025, 2, 4), False),
        (date(2025, 2, 8), True),  # a Saturday that makes up
        (date(2025, 2, 9), False),
        (date(2025, 10, 8), False),  # National Day and Mid-Autumn
        (date(2025, 10, 11), True),
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),
        (date(2026, 5, 9), True),
        (date(2026, 9, 20), True),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
    ],
)
def test_china_works_on_the_days_that_make_up(day: date, worked: bool) -> None:
    assert is_working_day(day, "CN") is worked


@pytest.mark.parametrize(
    ("day", "country", "name"),
    [
        (date(2026, 11, 26), "US", "Thanksgiving"),  # 5 U.S.C. 6103
        (date(2026, 4, 3), "DE", "Good Friday"),
        (date(2026, 12, 26), "DE", "Second Day of Christmas"),
        (date(2026, 12, 28), "GB", "Boxing Day"),  # gov.uk/bank-holidays, for 26 December
        (date(2026, 12, 24), "DE", ""),
    ],
)
def test_holidays_have_names(day: date, country: str, name: str) -> None:
    told = holiday(day, country)

    assert told.startswith(name)
    assert bool(told) == bool(name)
    assert is_working_day(day, country) is not bool(name)


def test_a_country_that_nobody_knows_has_weekends() -> None:
    assert [is_working_day(date(2026, 3, day), "ZZ") for day in (6, 7, 8, 9)] == [True, False, False, True]
    assert (holiday(date(2026, 12, 25), "ZZ"), announced(2026, "ZZ"), last_announced("ZZ")) == ("", False, None)


def test_weekends_are_those_of_the_country() -> None:
    assert [is_working_day(date(2026, 3, day), "SA") for day in (5, 6, 7, 8)] == [True, False, False, True]


def test_beyond_what_was_announced_it_says_so_and_guesses_no_make_up_day() -> None:
    last = last_announced("CN")

    assert last
    assert last >= 2026
    assert (announced(last, "CN"), announced(last + 1, "CN"), announced(2060, "DE")) == (True, False, True)
    weekends = [
        date.fromordinal(day) for day in range(date(last + 1, 1, 1).toordinal(), date(last + 2, 1, 1).toordinal())
    ]
    assert not any(is_working_day(day, "CN") for day in weekends if day.weekday() >= 5)
    assert not is_working_day(date(last + 1, 10, 1), "CN"), "the holidays by law are known"


def test_the_next_working_day_is_the_day_itself_or_the_first_after_it() -> None:
    assert next_working_day(date(2026, 2, 12), "CN") == date(2026, 2, 12)
    assert next_working_day(date(2026, 2, 15), "CN") == date(2026, 2, 24)
    assert next_working_day(date(2026, 12, 25), "DE") == date(2026, 12, 28)


class TestCallbacks:
    def due(self, ordered: str, zone: str) -> tuple[Millis, Millis]:
        """When the customer is to be called, and until when that is of use."""
        moments = Moments(
            rules(rule(actions=[CALL], expiry="7 days")), customer(profile=Profile(zone=zone, phone="+49301"))
        )
        moments.when("order.placed", at=at(ordered))
        (call,) = moments.outcome.actions
        assert call.kind == "callback"
        return to_millis(call.due_at), to_millis(call.expires_at)

    def test_nobody_is_called_on_a_public_holiday(self) -> None:
        due, _ = self.due("2026-12-22T11:00:00+01:00", "Europe/Berlin")

        assert to_datetime(due) == to_datetime(at("2026-12-28T11:00:00+01:00")), "25 and 26 December, and a Sunday"

    def test_a_saturday_that_makes_up_is_a_day_to_call(self) -> None:
        due, _ = self.due("2026-10-07T11:00:00+08:00", "Asia/Shanghai")

        assert to_datetime(due) == to_datetime(at("2026-10-10T11:00:00+08:00"))

    def test_an_ordinary_saturday_is_none(self) -> None:
        due, _ = self.due("2026-10-07T11:00:00+02:00", "Europe/Berlin")

        assert to_datetime(due) == to_datetime(at("2026-10-12T11:00:00+02:00"))

    def test_a_call_that_waits_for_long_holidays_is_of_use_until_then(self) -> None:
        due, expires = self.due("2026-02-12T11:00:00+08:00", "Asia/Shanghai")

        assert due == at("2026-02-24T11:00:00+08:00")
        assert expires == due > at("2026-02-12T11:00:00+08:00") + 7 * DAY


def test_a_rule_may_keep_to_working_days() -> None:
    record = customer(profile=Profile(zone="Asia/Shanghai"))
    names = ("now.working_day", "now.holiday", "now.days_announced")

    def asked(moment: str) -> list[object]:
        reader = FactReader(Moments(shipped(), record).context("order.placed", "o-1", at(moment)))
        return [reader[name] for name in names]

    assert asked("2026-02-14T12:00:00+08:00") == [True, "", True]
    working, name, known = asked("2026-02-17T12:00:00+08:00")
    assert (working, known) == (False, True)
    assert isinstance(name, str)
    assert "Spring Festival" in name or "Chinese New Year" in name
