"""A table becomes orders: gathered, in the order of time, with every row that is left out named."""

from __future__ import annotations

import gzip
import random
import stat

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.replay.file import read_file
from schemas.events import decode_event
from schemas.orders import OrderPlaced
from tests.agents.imports.shop import EUR, Shop

ALL = (
    "--customer", "Cust", "--time", "At", "--amount", "Price", "--order", "No", "--item", "Sku", "--quantity", "N",
    "--category", "Cat", "--currency", "EUR",
)  # fmt: skip
ROWS = """No,Cust,At,Sku,N,Price,Cat
7,ann,2024-03-02 10:00,apple,2,3.00,fruit
8,bob,2024-03-01 09:00,bread,1,2.50,
7,ann,2024-03-02 10:01,pear,1,1.25,fruit
"""
PLAIN = ("--customer", "Cust", "--time", "At", "--amount", "Price", "--currency", "EUR")


def test_rows_of_one_order_become_one_order_wherever_they_stand(shop: Shop) -> None:
    found = shop.imports(ROWS, *ALL)

    bob, ann = found.placed["8"], found.placed["7"]
    assert (ann.customer, ann.amount, ann.currency) == ("ann", 425, "EUR")
    assert [(item.sku, item.quantity, item.price, item.category) for item in ann.items] == [
        ("apple", 2, 300, "fruit"),
        ("pear", 1, 125, "fruit"),
    ]
    assert ann.time.isoformat() == "2024-03-02T10:00:00+00:00"
    assert bob.items[0].category is None
    assert (found.summary["rows"], found.summary["orders"], found.summary["left_out"]) == (3, 2, 0)


def test_every_event_says_by_which_door_it_came(shop: Shop) -> None:
    found = shop.imports(ROWS, *ALL)

    assert {(event.actor, event.source) for event in found.events} == {("system:import", "import:orders")}


def test_the_order_of_rows_in_the_file_makes_no_difference_to_the_orders(shop: Shop) -> None:
    head, *rows = ["Order,Customer,Date,Amount\n"] + [
        f"{n // 3},c{n // 3},2024-01-{n // 3 % 28 + 1:02d} 10:0{n % 3},1.0{n % 10}\n" for n in range(300)
    ]
    one = shop.imports(head + "".join(rows), *EUR).events
    two = shop.imports(head + "".join(random.Random(3).sample(rows, len(rows))), *EUR).events

    assert one == two
    assert [order.time for order in one] == sorted(order.time for order in one)


def test_without_order_numbers_each_row_is_an_order_and_equal_rows_are_two(shop: Shop) -> None:
    rows = "Cust,At,Price\nann,2024-01-01,5\nbob,2024-01-01,5\nann,2024-01-01,5\n"

    orders = shop.imports(rows, *PLAIN).placed.values()
    more = shop.imports(rows.replace("At,Price\n", "At,Price\nzoe,2023-01-01,1\n"), *PLAIN).placed.values()

    assert sorted(order.customer for order in orders) == ["ann", "ann", "bob"]
    assert len({order.order_id for order in orders}) == len({order.id for order in orders}) == 3
    assert {order.id for order in orders} < {order.id for order in more}


@pytest.mark.parametrize(("amount_is", "amount", "prices"), [("unit", 725, [600, 125]), ("line", 425, [300, 125])])
def test_an_amount_is_of_what_was_said(shop: Shop, amount_is: str, amount: int, prices: list[int]) -> None:
    ann = shop.imports(ROWS, *ALL, "--amount-is", amount_is).placed["7"]

    assert ann.amount == amount
    assert [item.price for item in ann.items] == prices


def test_an_amount_of_the_whole_order_counts_once(shop: Shop) -> None:
    rows = ROWS.replace("1.25", "3.00") + "8,bob,2024-03-01,x,1,9,y\n"

    found = shop.imports(rows, *ALL, "--amount-is", "order", "--max-bad", "50%")

    assert found.amounts == {"7": 300}
    assert found.report == ["line 5: amount: order 8 names two totals (order 8 is left out whole, 2 rows)"]


BAD = [
    "9,eve,someday,a,1,1,c",
    "10,eve,2024-01-01,a,1,one,c",
    "11,eve,2024-01-01,a,1",
    "12,eve,2024-01-01,a,many,1,c",
    ",eve,2024-01-01,a,1,1,c",
    "7,eve,2024-03-02,a,1,1,c",
]


def test_rows_that_cannot_be_understood_are_left_out_by_number_and_reason(shop: Shop) -> None:
    found = shop.imports(ROWS + "\n".join(BAD) + "\n", *ALL, "--max-bad", "90%")

    assert {order.customer for order in found.placed.values()} == {"bob"}
    assert sorted(line.split(": ")[:2] for line in found.report) == [
        ["line 10", "customer"],
        ["line 5", "time"],
        ["line 6", "amount"],
        ["line 7", "line"],
        ["line 8", "quantity"],
        ["line 9", "order"],
    ]


def test_too_many_unreadable_rows_leave_what_was_there_as_it_was(shop: Shop) -> None:
    before = shop.file("out.jsonl", "what an earlier import wrote\n")

    stopped = shop.runs("import", "orders", str(shop.file("in.csv", ROWS + "x\n")), *ALL, "--out", str(before))

    assert stopped.status == 2
    assert "1 of 4 rows (25.0%) cannot be read" in stopped.err
    assert before.read_text() == "what an earlier import wrote\n"
    assert shop.imports(ROWS + "x\n", *ALL, "--max-bad", "25%").said.status == 0


def test_one_unreadable_row_in_a_hundred_is_passed_over_and_listed(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount\n" + "".join(f"{n},c,2024-01-01,5\n" for n in range(99)) + "x\n"

    found = shop.imports(rows, *EUR)

    assert (found.said.status, len(found.placed), found.report) == (
        0,
        99,
        ["line 101: line: 1 fields; expected 4, as in the header"],
    )


def test_only_ten_problems_are_shown_and_all_are_in_the_report(shop: Shop) -> None:
    found = shop.imports(ROWS + "x\n" * 50, *ALL, "--max-bad", "1")

    assert found.said.err.count("1 fields; expected 7") == 10
    assert len(found.report) == 50


def test_a_clean_import_leaves_no_report_and_no_half_result(shop: Shop) -> None:
    shop.imports(ROWS + "x\n", *ALL)
    shop.imports(ROWS, *ALL)

    assert {path.name for path in shop.folder.iterdir()} == {"in.csv", "out.jsonl"}


def test_what_is_written_is_for_its_owner_alone(shop: Shop) -> None:
    shop.imports(ROWS.replace("ann", "ann@example.org") + "x\n", *ALL, "--max-bad", "50%")

    written = [path for path in shop.folder.iterdir() if path.name.startswith("out.")]
    assert len(written) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


def test_orders_of_very_many_rows_stay_within_the_contract(shop: Shop) -> None:
    order = shop.imports(ROWS + "7,ann,2024-03-02 10:00,nut,1,0.01,\n" * 500, *ALL).placed["7"]

    assert (order.amount, len(order.items)) == (925, 200)


def test_a_packed_result_is_the_same_bytes_each_time_and_can_be_replayed(shop: Shop) -> None:
    path = shop.file("in.csv", ROWS)
    one, two = shop.folder / "one.gz", shop.folder / "two.gz"
    for out in (one, two):
        assert shop.runs("import", "orders", str(path), *ALL, "--out", str(out)).status == 0

    assert one.read_bytes() == two.read_bytes()
    found = read_file(one)
    assert (found.count, found.bad_count, found.unsorted_at) == (2, 0, None)


def test_the_command_finds_the_layout_and_tells_what_it_did(shop: Shop) -> None:
    text = "\ufeffNr;Kunde;Datum;Betrag\n1;ann;31.12.2023 23:30;1.234,50\n"
    path = shop.file("umsatz.csv", text)

    said = shop.runs(
        "import", "orders", str(path), "--customer", "Kunde", "--time", "Datum", "--amount", "Betrag", "--order", "nr",
        "--currency", "eur", "--tz", "Europe/Berlin", "--json",
    )  # fmt: skip

    told = orjson.loads(said.out)
    assert (told["rows"], told["orders"], told["totals"]) == (1, 1, {"EUR": {"placed": 123450, "paid back": 0}})
    assert told["from"] == told["to"] == "2023-12-31T22:30:00.000Z"
    with gzip.open(shop.folder / "umsatz.events.jsonl.gz") as file:
        order = decode_event(file.read().strip())
    assert isinstance(order, OrderPlaced)
    assert (order.amount, order.currency) == (123450, "EUR")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (PLAIN[:-2], "--currency EUR, or --currency-column"),
        ((*PLAIN[:-1], "Euro"), "ISO 4217"),
        ((*PLAIN, "--tz", "Mars/Olympus"), "there is no such zone"),
        ((*PLAIN, "--amount-is", "order"), "--order COL"),
        ((*PLAIN, "--amount-is", "unit"), "--quantity COL"),
        ((*PLAIN, "--category", "Cat"), "--item COL"),
        ((*PLAIN, "--decimal", "x"), "--decimal"),
        ((*PLAIN, "--delimiter", "xx"), "--delimiter"),
        ((*PLAIN, "--max-bad", "many"), "--max-bad"),
        ((*PLAIN, "--since", "long ago"), "--since"),
        ((*PLAIN, "--status-means", "x=y"), "STATE=MEANING"),
        (("--customer", "Kust", *PLAIN[2:]), "'Kust' of customer is not there. Is 'Cust' meant?"),
        (("--time", "At"), "--customer COL is missing, or a --preset"),
        (("--preset", "shopify"), "of order is not there"),
    ],
)
def test_options_that_do_not_fit_are_explained(shop: Shop, options: tuple[str, ...], said: str) -> None:
    found = shop.imports(ROWS, *options)

    assert found.said.status == 2
    assert said in found.said.err


def test_ambiguous_dates_are_refused_before_anything_is_written(shop: Shop) -> None:
    found = shop.imports("Cust,At,Price\nann,03/04/2024,1\nbob,05/06/2024,1\n", *PLAIN)

    assert found.said.status == 2
    assert "03 April 2024 or 04 March 2024" in found.said.err
    assert "--date-format '%d/%m/%Y'" in found.said.err
    assert [one.name for one in shop.folder.iterdir() if one.name != "in.csv"] == []


def test_a_file_in_which_nothing_is_understood_is_an_error(shop: Shop) -> None:
    assert shop.imports("Cust,At,Price\nann,never,1\n", *PLAIN, "--max-bad", "1").said.status == 2
    assert not (shop.folder / "out.jsonl").exists()


def test_details_of_customers_are_told_once_and_again_when_they_change(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount,Mail,Tel\n" + "".join(
        f"{n},7,2024-03-0{n},5,{mail},{phone}\n"
        for n, mail, phone in [(1, "A@x.org", "0151 12345678"), (2, "a@x.org", "+49 151 12345678"), (3, "b@x.org", "?")]
    )

    found = shop.imports(rows, *EUR, "--email", "Mail", "--phone", "Tel", "--country", "DE")

    told = [(getattr(event, "email", ""), getattr(event, "phone", "")) for event in found.of("customer.updated")]
    assert told == [("a@x.org", "+4915112345678"), ("b@x.org", None)]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=12))
def test_nothing_that_stands_in_a_file_is_lost_or_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    quoted = ["Order,Customer,Date,Amount"] + [
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
    ]

    found = shop.imports("\n".join([*quoted, "1,ann,2024-03-05,5.00"]) + "\n", *EUR, "--max-bad", "1")

    if found.summary:
        counted = sum(1 for _ in found.placed) + len(found.report)
        assert counted >= 1
        assert found.said.status in (0, 2)
    else:
        assert found.said.err.startswith("tend: ")
