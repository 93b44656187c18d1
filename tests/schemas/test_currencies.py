"""One table of currencies: their codes, and the digits of their minor units."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agents.commands.customer import _money
from agents.imports.amounts import Amounts, currency_code, minor_units
from agents.imports.problems import BadValue
from rules.problems import BadRulebook
from rules.templates.cldr import money
from schemas.currencies import DIGITS, major
from schemas.events import Invalid
from tests.builders import added, placed
from tests.rules.moments import action, rule, rules


@pytest.mark.parametrize(
    ("code", "minor", "whole"),
    [
        ("EUR", 1_234, "12.34"),
        ("JPY", 1_000, "1000"),
        ("UGX", 5_000, "5000"),
        ("IQD", 5_000, "5.000"),
        ("HUF", 5_000, "50.00"),
        ("HRK", 5_000, "50.00"),
    ],
)
def test_every_room_reads_and_shows_the_same_digits(code: str, minor: int, whole: str) -> None:
    assert major(minor, code) == Decimal(whole)
    assert minor_units("amount", Amounts(".").micros("amount", whole), code) == minor
    assert _money(minor, code) == f"{whole} {code}"
    assert f"{Decimal(whole):,}" in money(minor, code, "en")


@pytest.mark.parametrize("code", ["QQQ", "XTS", "XAU", "EURO", "eur"])
def test_what_is_no_currency_is_refused_at_every_door(code: str) -> None:
    with pytest.raises(Invalid) as order:
        placed(currency=code)
    assert (order.value.reason, order.value.field) == ("wrong_field", "currency")
    with pytest.raises(Invalid):
        added(currency=code)
    if code != "eur":  # an import takes small letters
        with pytest.raises(BadValue, match="ISO 4217"):
            currency_code("currency", code)


def test_a_rulebook_cannot_give_coupons_in_what_is_no_currency() -> None:
    coupon = {"amount": 500, "currency": "QQQ", "valid": "7 days", "prefix": "FIVE"}

    with pytest.raises(BadRulebook, match="QQQ"):
        rules(rule(actions=[action(kind="coupon", coupon=coupon)]))


@pytest.mark.parametrize("code", ["DEM", "FRF", "HRK", "BGN"])
def test_money_of_the_past_is_money_in_a_stores_history(code: str) -> None:
    assert placed(currency=code).currency == code  # type: ignore[union-attr]  # an order


def test_the_table_holds_the_currencies_of_today() -> None:
    assert {"EUR", "USD", "GBP", "CNY", "JPY", "KRW", "VND", "INR", "BRL", "PLN", "ZWG"} <= set(DIGITS)
