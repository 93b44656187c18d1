"""A table becomes orders: gathered, in the order of time, with every bad line named."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from agents.commands.imports import app
from agents.imports.history import Imported, Request, import_orders
from agents.imports.rows import AmountIs
from agents.replay.file import read_file
from schemas.errors import TendError
from schemas.events import decode_event
from schemas.orders import OrderPlaced

ALL = {"customer": "Cust", "time": "At", "amount": "Price", "order": "No", "item": "Sku", "quantity": "N",
       "category": "Cat"}  # fmt: skip
ROWS = """No,Cust,At,Sku,N,Price,Cat
7,ann,2024-03-02 10:00,apple,2,3.00,fruit
8,bob,2024-03-01 09:00,bread,1,2.50,
7,ann,2024-03-02 10:01,pear,1,1.25,fruit
"""


def imported(
    tmp_path: Path, text: str, columns: dict[str, str], amount_is: AmountIs = "line", name: str = "out.jsonl"
) -> tuple[Imported, list[OrderPlaced]]:
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode())
    request = Request(path, columns, ZoneInfo("UTC"), currency="EUR", amount_is=amount_is)
    found = import_orders(request, tmp_path / name)
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "rb") as file:
        orders = [decode_event(line) for line in file]
    assert all(isinstance(order, OrderPlaced) for order in orders)
    return found, [order for order in orders if isinstance(order, OrderPlaced)]


def test_lines_of_one_order_become_one_order_wherever_they_stand(tmp_path: Path) -> None:
    found, (bob, ann) = imported(tmp_path, ROWS, ALL)

    assert (ann.order_id, ann.customer, ann.amount, ann.currency) == ("7", "ann", 425, "EUR")
    assert [(item.sku, item.quantity, item.price, item.category) for item in ann.items] == [
        ("apple", 2, 300, "fruit"),
        ("pear", 1, 125, "fruit"),
    ]
    assert ann.time.isoformat() == "2024-03-02T10:00:00+00:00"
    assert bob.items[0].category is None
    assert (found.rows, found.orders, found.left_out.count) == (3, 2, 0)


def test_the_order_of_lines_in_the_file_makes_no_difference_to_the_orders(tmp_path: Path) -> None:
    head, *rows = ["No,Cust,At,Price\n"] + [
        f"{n // 3},c{n // 3},2024-01-{n % 28 + 1:02d},1.0{n % 10}\n" for n in range(300)
    ]
    columns = {name: ALL[name] for name in ("customer", "time", "amount", "order")}
    _, one = imported(tmp_path, head + "".join(rows), columns)
    _, two = imported(tmp_path, head + "".join(random.Random(3).sample(rows, len(rows))), columns)

    assert one == two
    assert [order.time for order in one] == sorted(order.time for order in one)


def test_without_order_numbers_each_line_is_an_order_and_equal_lines_are_two(tmp_path: Path) -> None:
    rows = "Cust,At,Price\nann,2024-01-01,5\nbob,2024-01-01,5\nann,2024-01-01,5\n"
    columns = {name: ALL[name] for name in ("customer", "time", "amount")}

    _, orders = imported(tmp_path, rows, columns)
    _, more = imported(tmp_path, rows.replace("At,Price\n", "At,Price\nzoe,2023-01-01,1\n"), columns)

    assert sorted(order.customer for order in orders) == ["ann", "ann", "bob"]
    assert len({order.order_id for order in orders}) == len({order.id for order in orders}) == 3
    assert {order.id for order in orders} < {order.id for order in more}


@pytest.mark.parametrize(("amount_is", "amount", "prices"), [("unit", 725, [600, 125]), ("line", 425, [300, 125])])
def test_an_amount_is_of_what_was_said(tmp_path: Path, amount_is: AmountIs, amount: int, prices: list[int]) -> None:
    _, (_, ann) = imported(tmp_path, ROWS, ALL, amount_is)

    assert ann.amount == amount
    assert [item.price for item in ann.items] == prices


def test_an_amount_of_the_whole_order_counts_once(tmp_path: Path) -> None:
    found, (_, ann) = imported(tmp_path, ROWS.replace("1.25", "3.00") + "8,bob,2024-03-01,x,1,9,y\n", ALL, "order")

    assert ann.amount == 300
    assert found.left_out.first == ["line 5: amount: differs from that of order 8 (line 3), though --amount-is order"]


def test_lines_that_cannot_be_understood_are_left_out_by_number_and_reason(tmp_path: Path) -> None:
    bad = [
        "9,,2024-01-01,a,1,1,c",
        "9,eve,someday,a,1,1,c",
        "9,eve,2024-01-01,a,1,one,c",
        "9,eve,2024-01-01,a,1",
        "9,eve,2024-01-01,a,-1,1,c",
        ",eve,2024-01-01,a,1,1,c",
        "7,eve,2024-03-02,a,1,1,c",
        "10,eve,2024-03-02,a,1,-1,c",
    ]

    found, orders = imported(tmp_path, ROWS + "\n".join(bad) + "\n", ALL)

    assert {order.customer for order in orders} == {"ann", "bob"}
    report = found.left_out.path.read_text().splitlines()
    assert report == found.left_out.first
    assert [line.split(": ")[:2] for line in report] == [
        ["line 5", "customer"],
        ["line 6", "time"],
        ["line 7", "amount"],
        ["line 8", "line"],
        ["line 9", "quantity"],
        ["line 10", "order"],
        ["line 12", "amount"],
        ["line 11", "customer"],
    ]


def test_only_ten_problems_are_shown_and_all_are_in_the_report(tmp_path: Path) -> None:
    found, _ = imported(tmp_path, ROWS + "x\n" * 50, ALL)

    assert (len(found.left_out.first), found.left_out.count) == (10, 50)
    assert len(found.left_out.path.read_text().splitlines()) == 50


def test_a_clean_import_leaves_no_report_and_no_half_result(tmp_path: Path) -> None:
    imported(tmp_path, ROWS + "x\n", ALL)
    imported(tmp_path, ROWS, ALL)

    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.jsonl"}


def test_ids_that_the_contract_does_not_allow_are_hashed_the_same_each_time(tmp_path: Path) -> None:
    rows = ROWS.replace("ann", '"Ann Müller"').replace("\n8,", "\nN° 8,")

    _, (bob, ann) = imported(tmp_path, rows, ALL)

    assert ann.customer.startswith("x-")
    assert len(ann.customer) == len(bob.order_id) == 34


def test_discount_lines_reduce_an_order(tmp_path: Path) -> None:
    _, (_, ann) = imported(tmp_path, ROWS + "7,ann,2024-03-02 10:00,coupon,1,-1.00,\n", ALL)

    assert (ann.amount, len(ann.items)) == (325, 2)


def test_orders_of_very_many_lines_stay_within_the_contract(tmp_path: Path) -> None:
    _, orders = imported(tmp_path, ROWS + "7,ann,2024-03-02 10:00,nut,1,0.01,\n" * 500, ALL)

    assert (orders[-1].amount, len(orders[-1].items)) == (925, 200)


def test_a_packed_result_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    imported(tmp_path, ROWS, ALL, name="one.gz")
    imported(tmp_path, ROWS, ALL, name="two.gz")

    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_a_result_can_be_replayed_as_it_is(tmp_path: Path) -> None:
    imported(tmp_path, ROWS, ALL, name="one.gz")

    found = read_file(tmp_path / "one.gz")
    assert (found.count, found.bad_count, found.unsorted_at) == (2, 0, None)


runner = typer.Typer()
runner.add_typer(app, name="import")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(runner, ["import", "orders", *arguments])


def test_the_command_finds_the_delimiter_and_tells_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "umsatz.csv"
    path.write_text("\ufeffNr;Kunde;Datum;Betrag\n1;ann;31.12.2023 23:30;1.234,50\nkaputt\n", encoding="utf-8")

    result = run(str(path), "--customer", "Kunde", "--time", "Datum", "--amount", "Betrag", "--order", "nr",
                 "--currency", "eur", "--decimal", ",", "--tz", "Europe/Berlin", "--json")  # fmt: skip

    assert result.exit_code == 0, result.output
    told = orjson.loads(result.stdout)
    assert (told["rows"], told["orders"], told["left_out"]) == (2, 1, 1)
    assert told["from"] == told["to"] == "2023-12-31T22:30:00.000Z"
    assert "line 3: line: 1 fields; expected 4" in result.stderr
    with gzip.open(tmp_path / "umsatz.events.jsonl.gz") as file:
        order = decode_event(file.read().strip())
    assert isinstance(order, OrderPlaced)
    assert (order.amount, order.currency) == (123450, "EUR")


BASE = ("--customer", "Cust", "--time", "At", "--amount", "Price")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (BASE, "--currency EUR or --currency-column"),
        ((*BASE, "--currency", "Euro"), "ISO 4217"),
        ((*BASE, "--currency", "EUR", "--tz", "Mars/Olympus"), "there is no such zone"),
        ((*BASE, "--currency", "EUR", "--amount-is", "order"), "--order COL"),
        ((*BASE, "--currency", "EUR", "--amount-is", "unit"), "--quantity COL"),
        ((*BASE, "--currency", "EUR", "--category", "Cat"), "--item COL"),
        ((*BASE, "--currency", "EUR", "--decimal", "x"), "--decimal"),
        ((*BASE, "--currency", "EUR", "--delimiter", "xx"), "--delimiter"),
        (("--customer", "Kust", *BASE[2:], "--currency", "EUR"), "'Kust' of customer is not there. Is 'Cust' meant?"),
    ],
)
def test_options_that_do_not_fit_are_explained(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(ROWS)

    result = run(str(path), *arguments)

    assert isinstance(result.exception, TendError)
    assert said in str(result.exception)


def test_ambiguous_dates_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("Cust,At,Price\nann,03/04/2024,1\nbob,05/06/2024,1\n")

    result = run(str(path), *BASE, "--currency", "EUR")

    assert isinstance(result.exception, TendError)
    assert "03 April 2024 or 04 March 2024" in str(result.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["in.csv"]


def test_a_file_in_which_nothing_is_understood_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("Cust,At,Price\nann,never,1\n")

    assert isinstance(run(str(path), *BASE, "--currency", "EUR").exception, TendError)
    assert not (tmp_path / "in.events.jsonl.gz").exists()


def test_a_quotation_mark_left_open_loses_its_line_and_not_the_rest(tmp_path: Path) -> None:
    rows = ROWS + '9,"eve,2024-01-01,a,1,1,c\n' + "11,eve,2024-01-01,a,1,1,c\n" * 20_000

    found, orders = imported(tmp_path, rows, ALL)

    assert {order.customer for order in orders} == {"ann", "bob", "eve"}
    assert found.left_out.first[0].startswith("line 5: line: ")


def test_bytes_that_are_no_text_lose_their_line_only(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(ROWS.encode() + b"9,J\xf6rg,2024-01-01,a,1,1,c\n")

    found = import_orders(Request(path, ALL, ZoneInfo("UTC"), currency="EUR"), tmp_path / "out.jsonl")

    assert found.orders == 2
    assert "--encoding" in found.left_out.first[0]
