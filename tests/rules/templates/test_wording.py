"""Texts and their slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.templates.cldr import cldr_locale, money
from rules.templates.formats import FORMATS
from rules.templates.wording import BadWording, MissingValue, read_wording


def fill(text: str, **values: str | int | float | bool) -> str:
    return read_wording(text).fill(values)


def test_slots_are_filled() -> None:
    assert fill("Hello {name}, {count} times.", name="Anna", count=3) == "Hello Anna, 3 times."


def test_braces_can_be_written() -> None:
    assert fill("{{{name}}} and {{name}}", name="x") == "{x} and {name}"


@given(st.text(max_size=50))
def test_a_value_is_shown_as_it_is_and_never_read_as_a_text(value: str) -> None:
    if value:
        assert fill("<{value}>", value=value) == f"<{value}>"


@pytest.mark.parametrize("values", [{}, {"name": ""}])
def test_a_slot_without_a_value_is_an_error(values: dict[str, str]) -> None:
    with pytest.raises(MissingValue, match="name"):
        read_wording("Hello {name},").fill(values)


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{ name }", "{Name}", "{name!r}", "{name.__class__}", "{a[0]}", "{a:b:c}", "{a{b}}"]
)
def test_what_is_no_slot_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(BadWording) as caught:
        read_wording("Hello " + text)

    assert caught.value.at >= 6


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadWording) as caught:
        read_wording("{amount:mony}")

    assert caught.value.fix == "did you mean 'money'?"


@pytest.mark.parametrize(
    ("slot", "value", "shown"),
    [
        ("{x:money}", 123_450, "€1,234.50"),
        ("{x:number}", 1_234_567, "1,234,567"),
        ("{x:date}", "2026-03-04", "March 4, 2026"),
        ("{x:percent}", 0.837, "84 %"),
        ("{x:moment}", 0, "1970-01-01 00:00 UTC"),
        ("{x}", 1.25, "1.2"),
        ("{x}", True, "True"),
    ],
)
def test_each_format_shows_its_values(slot: str, value: str | float, shown: str) -> None:
    assert fill(slot, x=value, currency="EUR") == shown


@pytest.mark.parametrize(
    ("slot", "values"),
    [
        ("{x:date}", {"x": "soon"}),
        ("{x:money}", {"x": 5}),
        ("{x:money}", {"x": "5", "currency": "EUR"}),
    ],
)
def test_what_cannot_be_shown_is_an_error(slot: str, values: dict[str, str | int]) -> None:
    with pytest.raises(MissingValue, match="cannot be shown"):
        read_wording(slot).fill(values)


def test_money_knows_the_minor_units_of_currencies() -> None:
    assert money(5_000, "UGX", "en") == "UGX\u00a05,000", "not 50.00"
    assert money(5_000, "HUF", "en") == "HUF\u00a050.00", "fillér are still minor units, however seldom they are shown"
    assert money(1_234, "JPY", "en") == "¥1,234"
    assert money(1_234, "KWD", "en") == "KWD\u00a01.234"
    assert money(1_234, "CHF", "de") == "12,34\u00a0CHF"


def test_a_locale_that_cldr_does_not_know_is_the_nearest_that_it_does() -> None:
    assert str(cldr_locale("de-XX")) == "de"
    assert str(cldr_locale("zh_Hant_TW")) == "zh_Hant_TW"
    assert str(cldr_locale("tlh")) == "en"


def test_every_format_says_what_it_is_for() -> None:
    for form in FORMATS.values():
        assert form.meaning
        assert form.kinds
