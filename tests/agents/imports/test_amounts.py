"""Amounts are read with the decimal sign that was said, and never with the other by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.imports.amounts import MICRO, Amounts, DecimalEvidence, Sign, currency_code, minor_units
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
def test_usual_forms_are_understood(decimal: Sign, text: str, cents: int) -> None:
    assert minor_units("amount", Amounts(decimal).micros("amount", text), "EUR") == cents


@pytest.mark.parametrize(
    ("decimal", "text"),
    [(".", "12,50"), (",", "12.50"), (".", "1,23,45"), (".", "1,234,50"), (".", ""), (".", "free"), (".", "1e3")],
)
def test_what_may_mean_something_else_is_refused(decimal: Sign, text: str) -> None:
    with pytest.raises(BadValue, match="amount: "):
        Amounts(decimal).micros("amount", text)


def test_the_other_decimal_sign_is_suggested() -> None:
    with pytest.raises(BadValue, match="then --decimal ','"):
        Amounts(".").micros("amount", "12,50")


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1235), ("EUR", 123450), ("KWD", 1234500)])
def test_minor_units_follow_the_currency(currency: str, minor: int) -> None:
    assert minor_units("amount", Amounts(".").micros("amount", "1234.50"), currency) == minor


def test_amounts_beyond_the_contract_are_refused() -> None:
    with pytest.raises(BadValue, match="more than the contract allows"):
        minor_units("amount", Amounts(".").micros("amount", "99999999999"), "EUR")


def test_codes_that_are_no_currency_are_refused() -> None:
    with pytest.raises(BadValue, match="ISO 4217"):
        currency_code("currency", "Euro")
    assert currency_code("currency", " eur") == "EUR"


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["12.990", "0.5"], "."),
        (["12.990", "1.249.990"], ","),
        (["1,250", "1,250.00"], "."),
        (["7", "12"], "."),
        (["12,5", "1.000"], ","),
    ],
)
def test_a_column_proves_its_decimal_sign(texts: list[str], sign: str) -> None:
    assert evidence(texts).sign("Total") == sign


@pytest.mark.parametrize("texts", [["12.990"], ["1,250", "3"], ["1.5", "1,5"]])
def test_a_column_that_proves_none_or_both_is_asked_for(texts: list[str]) -> None:
    with pytest.raises(TendError, match=r"--decimal '[.,]'"):
        evidence(texts).sign("Total")


def evidence(texts: list[str]) -> DecimalEvidence:
    found = DecimalEvidence()
    for text in texts:
        found.see(text)
    return found


@given(
    st.integers(0, 10**9), st.sampled_from([".", ","]), st.booleans(), st.sampled_from(["{}", "{} €", "EUR {}", "({})"])
)
def test_what_is_written_is_what_is_read(cents: int, sign: Sign, grouped: bool, dressing: str) -> None:
    text = f"{cents / 100:{',' if grouped else ''}.2f}"
    if sign == ",":
        text = text.translate(str.maketrans(",.", ".,"))

    read = Amounts(sign).micros("amount", dressing.format(text))

    assert abs(read) == cents * MICRO // 100
    assert (read < 0) == (dressing == "({})" and cents > 0)
