"""Alphabet and parts of an SMS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.messages.sms import count, with_links

GSM = "GSM-7"
UCS = "UCS-2"
CASES = [
    ("a" * 160, GSM, 160, 1),
    ("a" * 161, GSM, 161, 2),
    ("b" * 306, GSM, 306, 2),
    ("b" * 307, GSM, 307, 3),
    ("a" * 159 + "€", GSM, 161, 2),
    ("[" * 80, GSM, 160, 1),
    ("[" * 81, GSM, 162, 2),
    ("a" * 152 + "€" + "a" * 151, GSM, 305, 2),
    ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),
    ("|" * 69 + "中", UCS, 70, 1),
    ("|" * 70 + "中", UCS, 71, 2),
    ("😀" * 35, UCS, 70, 1),
    ("😀" * 36, UCS, 72, 2),
    ("a" * 66 + "😀" + "a" * 66, UCS, 134, 3),
    ("😀" + "a" * 132, UCS, 134, 2),
    ("it’s", UCS, 4, 1),
    ("it's", GSM, 4, 1),
    ("ça", UCS, 2, 1),
    ("ÇA", GSM, 2, 1),
    ("a\u00a0b", UCS, 3, 1),
    ("a\tb", UCS, 3, 1),
    ("a\nb", GSM, 3, 1),
    ("`", UCS, 1, 1),
    ("", GSM, 0, 0),
    # Further ones of the same kind: a pair on the second border, letters that only look alike, Greek capitals.
    ("a" * 305 + "€" + "a" * 152, GSM, 459, 4),
    ("Grüße", GSM, 5, 1),
    ("Grüsse – bis", UCS, 12, 1),
    ("ΔΦΓΛΩΠΨΣΘΞ", GSM, 10, 1),
    ("αβγ", UCS, 3, 1),
]


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), CASES)
def test_alphabet_units_and_parts(text: str, encoding: str, units: int, parts: int) -> None:
    counted = count(text)

    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_parts_hold_all_units_and_one_less_would_not(text: str) -> None:
    counted = count(text)
    alone, each = (160, 153) if counted.encoding == GSM else (70, 67)

    if counted.parts > 1:
        assert counted.units > alone
        assert counted.units <= counted.parts * each
    else:
        assert counted.units <= alone


def test_open_links_count_as_long_as_they_become() -> None:
    assert len(with_links("See {{ link.coupon }} now")) == len("See  now") + 43
