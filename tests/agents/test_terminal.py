"""What customers and producers wrote is shown on a terminal, and neither colours nor crashes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.commands import customer
from agents.terminal import shown
from schemas.record import VERSION, CustomerRecord, Order, OrderBook
from tests.builders import START

NASTY = [
    "Anna [/b]", "[link=http://evil.example]Click[/link]", "A\x1b]0;owned\x07\x1b[2J\x1b[31m", "a\nWARNING root: fine",
    "moc.elpmaxe\u202e", "\x9b31m", "\ud800", "tab\there", "\u2028line", ":smiley:",
]  # fmt: skip


@given(st.text(st.characters(codec=None), max_size=40) | st.sampled_from(NASTY))
def test_no_text_reaches_a_terminal_as_more_than_text(text: str) -> None:
    found = shown(text)

    assert len(found.splitlines()) <= 1
    assert not any(char in found for char in "\x1b\x9b\x07\r\n\t\x00\u202e\u2066\u2028\ud800")
    found.encode()


@pytest.mark.parametrize("text", ["Anna Müller-Lüdenscheidt", "王小明", "می‌خواهم", "👩‍🚀", "a [b] {c} \\d"])
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("text", NASTY)
def test_tend_customer_shows_any_name_and_order_id(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = CustomerRecord(VERSION, "c-1", created=START)
    record.profile.name = text
    book = OrderBook(orders=[Order(id=text, placed=START, amount=1, currency="EUR")])

    customer._show(record, book, [])

    printed = capsys.readouterr().out
    assert shown(text) in printed
    assert not any(char in printed for char in "\x1b\x9b\x07\u202e")


def test_tend_customer_gives_all_parts_of_a_record_as_json() -> None:
    page = customer.page(CustomerRecord(VERSION, "c-1", created=START), OrderBook(), [])

    assert page["id"] == "c-1"
    assert "pending_labels" not in page
