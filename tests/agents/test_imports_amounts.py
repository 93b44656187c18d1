"""Amounts are read with the decimal sign that was said, and never with the other by accident."""

from __future__ import annotations

import pytest

from agents.imports.amounts import Amounts, currency_code
from agents.imports.problems import BadValue
from schemas.errors import TendError


@pytest.mark.parametrize(
    ("decimal", "text", "cents"),
    [
        (".", "12", 1200),
        (".", "12.5", 1250),
        (".", "1,234.50", 123450),
        (".", "1 234 567.89", 123456789),
        (".", "$1,234", 123400),
        (".", "-3.10", -310),
        (".", "0.005", 1),
        (".", ".5", 50),
        (",", "1.234,50", 123450),
        (",", "12,5 €", 1250),
        (",", "1'234,50", 123450),
        (",", "7", 700),
    ],
)
def test_usual_forms_are_understood(decimal: str, text: str, cents: int) -> None:
    assert Amounts(decimal).minor("amount", text, "EUR") == cents


@pytest.mark.parametrize(
    ("decimal", "text"),
    [(".", "12,50"), (",", "12.50"), (".", "1,23,456"), (".", "1,234,50"), (".", ""), (".", "free"), (".", "1e3")],
)
def test_what_may_mean_something_else_is_refused(decimal: str, text: str) -> None:
    with pytest.raises(BadValue, match="amount: "):
        Amounts(decimal).minor("amount", text, "EUR")


def test_the_other_decimal_sign_is_suggested() -> None:
    with pytest.raises(BadValue, match="then --decimal ','"):
        Amounts(".").minor("amount", "12,50", "EUR")


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1235), ("EUR", 123450), ("KWD", 1234500)])
def test_minor_units_follow_the_currency(currency: str, minor: int) -> None:
    assert Amounts(".").minor("amount", "1234.50", currency) == minor


def test_amounts_beyond_the_contract_are_refused() -> None:
    with pytest.raises(BadValue, match="more than the contract allows"):
        Amounts(".").minor("amount", "99999999999", "EUR")


def test_other_decimal_signs_and_currencies_are_refused() -> None:
    with pytest.raises(TendError, match="--decimal"):
        Amounts("'")
    with pytest.raises(BadValue, match="ISO 4217"):
        currency_code("currency", "Euro")
    assert currency_code("currency", " eur") == "EUR"
