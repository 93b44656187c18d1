"""Texts and their slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.formats import FORMATS, Speech, day, money
from rules.wording import BadWording, MissingValue, read_wording

ENGLISH = Speech("en-GB", {"gold": {"en": "Gold", "de": "Gold"}})
GERMAN = Speech("de", ENGLISH.words)


def fill(text: str, speech: Speech = ENGLISH, **values: str | int | float | bool) -> str:
    return read_wording(text).fill(values, speech)


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
        read_wording("Hello {name},").fill(values, ENGLISH)

    assert read_wording("Hello {name},").lacks(values) == "name"


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
    ("slot", "value", "english", "german"),
    [
        ("{x:money}", 123_450, "€1,234.50", "1.234,50\u00a0€"),
        ("{x:number}", 1_234_567, "1,234,567", "1.234.567"),
        ("{x:date}", "2026-03-04", "4 March 2026", "4. März 2026"),
        ("{x:percent}", 0.837, "84 %", "84 %"),
        ("{x:word}", "gold", "Gold", "Gold"),
        ("{x:moment}", 0, "1970-01-01 00:00 UTC", "1970-01-01 00:00 UTC"),
        ("{x}", 1.25, "1.2", "1,2"),
        ("{x}", True, "True", "True"),
    ],
)
def test_each_format_follows_the_language(slot: str, value: str | float, english: str, german: str) -> None:
    assert fill(slot, ENGLISH, x=value, currency="EUR") == english
    assert fill(slot, GERMAN, x=value, currency="EUR") == german


@pytest.mark.parametrize(
    ("slot", "values"),
    [
        ("{x:date}", {"x": "soon"}),
        ("{x:money}", {"x": 5}),
        ("{x:money}", {"x": "5", "currency": "EUR"}),
        ("{x:word}", {"x": "silver"}),
    ],
)
def test_what_cannot_be_shown_is_an_error(slot: str, values: dict[str, str | int]) -> None:
    with pytest.raises(MissingValue, match="cannot be shown"):
        read_wording(slot).fill(values, ENGLISH)


def test_money_knows_the_minor_units_of_currencies() -> None:
    assert money(5_000, "UGX", "en") == "UGX\u00a05,000", "not 50.00"
    assert money(5_000, "HUF", "en") == "HUF\u00a050.00", "fillér are still minor units, however seldom they are shown"
    assert money(1_234, "JPY", "en") == "¥1,234"
    assert money(1_234, "KWD", "en") == "KWD\u00a01.234"
    assert money(1_234, "CHF", "de") == "12,34\u00a0CHF"


def test_dates_are_written_as_people_write_them() -> None:
    assert day("2026-03-04", "zh") == "2026年3月4日"
    assert day("2026-03-04", "fr") == "4 mars 2026"
    assert (day("2026-03-04", "en"), day("2026-03-04", "en-GB")) == ("March 4, 2026", "4 March 2026")


def test_every_format_says_what_it_is_for() -> None:
    for form in FORMATS.values():
        assert form.meaning
        assert form.kinds
