"""Rows as further systems export them, in their public column layouts: each stands for a kind of docs/imports.md.

Layouts: Squarespace's and Ecwid's order exports, PrestaShop's order grid, OpenCart's and BigCommerce's states, Square's
item sales, Shopware's positions, Amazon's date range and fulfilment reports, JD's order list, a till's day book.
"""

from __future__ import annotations

import pytest

from tests.agents.imports.shop import EUR, FREE, Shop, shop

__all__ = ["shop"]

_SQUARESPACE = (
    "Order ID,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Total,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku\n"
    "00412,ann@example.org,PAID,2024-03-05 10:02:11 +0100,EUR,30.00,4.90,34.90,2024-03-05 10:02:09 +0100,1,Atlas,"
    "18.00,SQ1\n"
    "00412,,,,,,,,,2,Map,6.00,SQ2\n"
)
_ECWID = (
    "order_number;email;date;total;sku;quantity;price\n"
    "1001;a@example.org;2024-03-05 10:00:00 +0000;25.00;A;1;20.00\n1001;;;;B;1;5.00\n"
    "1002;b@example.org;2024-03-06 10:00:00 +0000;8.00;C;1;8.00\n"
)


@pytest.mark.parametrize(
    ("rows", "columns", "amounts"),
    [
        (
            _SQUARESPACE,
            {"customer": "Email", "time": "Created at", "amount": "Total", "order": "Order ID", "item": "Lineitem sku"},
            {"00412": 3490},
        ),
        (
            _ECWID,
            {"customer": "email", "time": "date", "amount": "total", "order": "order_number", "item": "sku"},
            {"1001": 2500, "1002": 800},
        ),
    ],
)
def test_an_amount_that_stands_on_the_first_row_alone_is_asked_about_and_read(
    shop: Shop, rows: str, columns: dict[str, str], amounts: dict[str, int]
) -> None:
    options = [word for name, column in columns.items() for word in (f"--{name}", column)] + ["--currency", "EUR"]

    asked = shop.imports(rows, *options)

    assert asked.said.status == 2
    assert "say --amount-is order" in asked.said.err
    assert shop.imports(rows, *options, "--amount-is", "order").amounts == amounts


@pytest.mark.parametrize(
    ("states", "stand", "cancelled", "refunded", "unpaid"),
    [
        (  # PrestaShop
            ["Payment accepted", "Shipped", "Canceled", "Refunded", "Payment error", "On backorder (not paid)"],
            2, 1, 1, 2,
        ),
        (["Complete", "Canceled Reversal", "Voided", "Chargeback", "Denied"], 2, 1, 1, 1),  # OpenCart
        (["Awaiting Fulfillment", "Awaiting Shipment", "Cancelled", "Refunded", "Declined"], 2, 1, 1, 1),  # BigCommerce
        (["Unshipped", "Shipped - Delivered to Buyer", "Cancelled", "Shipped - Returned to Seller"], 2, 1, 1, 0),
        (["完成", "等待出库", "已取消", "等待付款"], 2, 1, 0, 1),  # JD
    ],
)  # fmt: skip
def test_states_of_further_systems_are_known(
    shop: Shop, states: list[str], stand: int, cancelled: int, refunded: int, unpaid: int
) -> None:
    rows = "Order,Customer,Date,Amount,State\n" + "".join(
        f"{number},c{number},2024-03-05 10:00,10.00,{state}\n" for number, state in enumerate(states)
    )

    found = shop.imports(rows, *EUR, "--status", "State")

    assert (len(found.cancelled), len(found.returned)) == (cancelled, refunded)
    assert len(found.placed) == stand + cancelled + refunded
    assert found.summary["meant"] == ({"never paid": unpaid} if unpaid else {})


def test_squares_refund_of_a_transaction_of_its_own_gives_the_purchase_back(shop: Shop) -> None:
    rows = (
        "Date,Time,Category,Item,Qty,SKU,Net Sales,Event Type,Transaction ID,Customer ID\n"
        "2024-03-05,10:00:00,Books,Atlas,1,A1,$20.00,Payment,TX1,C1\n"
        "2024-03-09,10:00:00,Books,Atlas,-1,A1,-$20.00,Refund,TX2,C1\n"
    )

    found = shop.imports(
        rows, "--customer", "Customer ID", "--time", "Date", "--amount", "Net Sales", "--order", "Transaction ID",
        "--item", "SKU", "--quantity", "Qty", "--currency", "USD",
    )  # fmt: skip

    assert (found.amounts, found.returned) == ({"TX1": 2000}, {"TX1": 2000})


def test_vouchers_and_postage_of_shopware_are_rows_of_their_order(shop: Shop) -> None:
    rows = (
        "Order;Customer;Date;Article;N;Amount\n1;a;2024-03-05 10:00:00;SW1;1;40,00\n"
        "1;a;2024-03-05 10:00:00;GUTSCHEIN;-1;5,00\n1;a;2024-03-05 10:00:00;VERSAND;1;3,90\n"
    )

    assert shop.imports(rows, *EUR, "--amount-is", "unit", "--quantity", "N", "--item", "Article").amounts == {
        "1": 3890
    }


@pytest.mark.parametrize(
    ("amounts", "currency", "minor"),
    [
        (["Rs. 1,23,456.50", "INR 500/-"], "INR", 12395650),
        (["A$12.00", "AU$ 1,200.00"], "AUD", 121200),
        (["NZ$12.50"], "NZD", 1250),
        (["CHF 1’234.50", "Fr. 12.–"], "CHF", 124650),
        (["1.234,50 TL", "₺12,50"], "TRY", 124700),
        (["150.000 ₫", "1.075.500 ₫"], "VND", 1225500),
    ],
)
def test_amounts_of_further_countries_are_read(shop: Shop, amounts: list[str], currency: str, minor: int) -> None:
    rows = "Order;Customer;Date;Amount\n" + "".join(f"1;ann;2024-03-05;{text}\n" for text in amounts)

    assert shop.imports(rows, *FREE, "--currency", currency).amounts == {"1": minor}


@pytest.mark.parametrize(("amount", "currency"), [("Rp 150.000", "IDR"), ("￥1,980", "JPY"), ("1.234", "EUR")])
def test_amounts_that_can_be_read_in_two_ways_are_asked_about_in_plain_numbers(
    shop: Shop, amount: str, currency: str
) -> None:
    asked = shop.imports(f"Order;Customer;Date;Amount\n1;a;2024-03-05;{amount}\n", *FREE, "--currency", currency)

    whole = "".join(filter(str.isdigit, amount))
    assert f"may be {int(whole):,} or {whole[:-3]}.{whole[-3:]}," in asked.said.err


def test_a_tills_numbers_that_begin_anew_each_day_are_asked_about_and_told_apart(shop: Shop) -> None:
    rows = (
        "Order;Customer;Date;Amount\n1;a;2024-03-05 09:00;5,00\n2;b;2024-03-05 09:10;6,00\n"
        "1;a;2024-03-06 09:00;7,00\n2;c;2024-03-06 09:10;8,00\n"
    )

    asked, told = shop.imports(rows, *EUR), shop.imports(rows, *EUR, "--order", "Date")

    assert "a second --order COL tells them apart" in asked.said.err
    assert sorted(told.amounts.values()) == [500, 600, 700, 800]


def test_definitions_and_sums_around_a_report_are_passed_over(shop: Shop) -> None:
    amazon = (
        '"Includes Amazon Marketplace transactions"\n"All amounts in USD, unless specified"\n"Definitions:"\n'
        '"date/time","type","order id","buyer","total"\n'
        '"Mar 5, 2024 10:02:11 AM PST","Order","111-1","b1","12.00"\n'
    )
    sums = "Sales 2024;;;\n;;;\nOrder;Customer;Date;Amount\nA1;K1;05.03.2024;12,50\nA2;K2;25.03.2024;1.250,00\n"

    found = shop.imports(
        amazon, "--customer", "buyer", "--time", "date/time", "--amount", "total", "--order", "order id",
        "--currency", "USD",
    )  # fmt: skip

    assert found.amounts == {"111-1": 1200}
    assert shop.imports(sums + "Sum;;;1.262,50\n", *EUR).amounts == {"A1": 1250, "A2": 125000}


@pytest.mark.parametrize(
    ("item", "numbers"),
    [('"Two\nlines"', {"1", "2"}), ('Poster 24" wide', {"1", "2"}), (r'"Say \"hi\", book"', {"2"})],
    ids=["a line break in a cell", "inches", "a backslash before quotation marks"],
)
def test_quotation_marks_of_programs_and_people_cost_no_other_row(shop: Shop, item: str, numbers: set[str]) -> None:
    rows = f"Order,Customer,Item,Date,Amount\n1,c,{item},2024-03-05,1.00\n2,d,Map,2024-03-05,2.00\n"

    assert set(shop.imports(rows, *EUR, "--item", "Item", "--max-bad", "60%").amounts) == numbers


@pytest.mark.parametrize("date", ["0000-00-00 00:00:00", "1899-12-30", "30.12.1899 00:00", "0001-01-01T00:00:00"])
def test_dates_that_stand_for_none_are_reported(shop: Shop, date: str) -> None:
    rows = f"Order,Customer,Date,Amount\n1,ann,{date},5.00\n2,bob,2024-03-05,7.00\n"

    found = shop.imports(rows, *EUR, "--max-bad", "50%")

    assert found.amounts == {"2": 700}
    assert found.report[0].startswith("line 2: time: ")


@pytest.mark.parametrize(
    ("encoding", "rows", "customer"),
    [
        ("cp932", "Order,Customer,Date,Amount,氏名\n1,山田,2024/03/05,980,山田太郎\n", "山田"),
        ("cp1251", "Order;Customer;Date;Amount\n1;Иванов;05.03.2024;1 234,50\n2;Петров;25.03.2024;12,00\n", "Иванов"),
        ("utf-16", "Order\tCustomer\tDate\tAmount\n1\tbób\t2024-03-05\t5.00\n", "bób"),
        ("utf-8-sig", "Order,Customer,Date,Amount,,\r\n1,bób,2024-03-05,5.00,,\r\n\r\n", "bób"),
    ],
)
def test_encodings_of_further_countries_are_found_out(shop: Shop, encoding: str, rows: str, customer: str) -> None:
    found = shop.imports(rows.encode(encoding), *EUR)

    assert customer in found.ids


@pytest.mark.parametrize("text", ["4,90123E+12", "2.34E+15"])
def test_ids_that_lost_digits_with_a_comma_or_a_point_are_refused(shop: Shop, text: str) -> None:
    rows = f"Order;Customer;Date;Amount\n1;{text};2024-03-05;5,00\n2;b;2024-03-05;5,00\n"

    found = shop.imports(rows, *EUR, "--max-bad", "60%")

    assert (set(found.amounts), "scientific notation" in found.report[0]) == ({"2"}, True)


def test_the_same_address_in_another_case_is_the_same_customer_and_long_ids_stay_apart(shop: Shop) -> None:
    rows = (
        f"Order,Customer,Date,Amount\n1,ANN@Example.org,2024-03-05,5\n2,ann@example.org,2024-03-05,5\n"
        f"3,{'x' * 90},2024-03-05,5\n4,{'x' * 91},2024-03-05,5\n5,👩‍🚀,2024-03-05,5\n6,Müller & Söhne,2024-03-05,5\n"
    )

    who = {number: order.customer for number, order in shop.imports(rows, *EUR).placed.items()}

    assert who["1"] == who["2"]
    assert len(set(who.values())) == 5
