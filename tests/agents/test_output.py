"""Whatever customers, producers and files say, a command shows it: it neither colours a terminal nor crashes on it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from agents.commands import customer
from agents.console.web import environment
from agents.store_queries import everything
from schemas.order_book import Order, OrderBook
from schemas.record import VERSION, CustomerRecord
from schemas.shown import shown
from tests.builders import START
from tests.schemas.test_shown import NASTY
from tests.shell import Said, tend

_WRITABLE = [text for text in NASTY if "\ud800" not in text]
_OBEYED = "\x1b\x9b\x07\x00\u202e\u2028"


def assert_obeyed_by_nobody(said: Said) -> None:
    assert not any(char in said.out + said.err for char in _OBEYED), said


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
    page = everything(CustomerRecord(VERSION, "c-1", created=START), OrderBook(), [])

    assert page["id"] == "c-1"
    assert "pending_labels" not in page


def event(**fields: object) -> str:
    told = {"id": "e-1", "type": "complaint.opened", "customer": "c-1", "time": "2026-03-05T20:00:00Z", **fields}
    return orjson.dumps(told).decode() + "\n"


@pytest.mark.parametrize("text", _WRITABLE)
def test_a_rehearsal_shows_what_events_say_and_what_is_wrong_with_them(text: str, tmp_path: Path) -> None:
    fine, wrong = tmp_path / "fine.jsonl", tmp_path / "wrong.jsonl"
    fine.write_text(event(complaint_id="p-1", category="delivery", text=text))
    wrong.write_text(event(complaint_id=text, category=text, **{text: 1}))

    for file in (fine, wrong):
        assert_obeyed_by_nobody(tend("rehearse", str(file), "-v"))
        assert_obeyed_by_nobody(tend("rehearse", str(file), "--json"))


@pytest.mark.parametrize("text", _WRITABLE)
def test_a_look_at_a_file_shows_its_columns_and_values(text: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    quoted = '"' + text.replace('"', '""') + '"'
    lines = [
        f"order,date,customer,amount,{quoted}",
        *(f"o-{n},2026-03-0{n},{quoted},12.50,{quoted}" for n in range(1, 9)),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")

    assert_obeyed_by_nobody(tend("import", "look", str(file), "--currency", "EUR"))
    assert_obeyed_by_nobody(tend("import", "look", str(file), "--json"))


@pytest.mark.parametrize("text", _WRITABLE)
def test_what_a_command_refuses_is_shown(text: str) -> None:
    for words in (("why", "--customer", text), ("rules", "check", text.replace("\0", "")), (text,)):
        said = tend(*words)

        assert said.status != 0
        assert_obeyed_by_nobody(said)


@pytest.mark.parametrize("text", NASTY)
def test_a_page_of_the_console_is_not_turned_around(text: str) -> None:
    page = environment().from_string("<p>{{ name }}</p>").render(name=text)

    assert not any(char in page for char in _OBEYED)
    assert "<b>" not in environment().from_string("{{ name }}").render(name="<b>")
