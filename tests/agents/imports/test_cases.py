"""Situations that real exports brought, each with its own file, and further ones of the same kinds."""

from __future__ import annotations

import pytest

from tests.agents.imports.shop import DATA, EUR, FREE, KEYS, Shop

MIA = KEYS.customer_of("mia@example.org")


def stamps(events: dict[str, object]) -> dict[str, str]:
    return {number: event.time.isoformat() for number, event in events.items()}  # type: ignore[attr-defined]


# ---------------------------------------------------------------- facts of the order on its first row only


def test_a_shopify_order_is_its_first_row_with_the_articles_of_all(shop: Shop) -> None:
    found = shop.imports(DATA / "01-shopify.csv", "--preset", "shopify")

    assert found.amounts == {"#1001": 6900, "#1002": 3000, "#1003": 5000}
    assert [(item.sku, item.quantity, item.price) for item in found.placed["#1001"].items] == [
        ("MUG", 2, 4000),
        ("BOWL", 1, 2000),
    ]
    assert found.placed["#1001"].customer == MIA
    assert (found.cancelled, found.returned) == ({"#1002"}, {"#1003": 2000})
    assert found.of("order.returned") == []
    assert found.summary["meant"] == {"no customer is named (a guest without an id or address)": 1}


def test_blank_order_fields_are_filled_with_free_columns_too(shop: Shop) -> None:
    options = ("--customer", "Email", "--time", "Created at", "--order", "Name", "--currency-column", "Currency")

    by_total = shop.imports(DATA / "01-shopify.csv", *options, "--amount", "Total", "--amount-is", "order")
    by_unit = shop.imports(
        DATA / "01-shopify.csv", *options, "--amount", "Lineitem price", "--amount-is", "unit",
        "--quantity", "Lineitem quantity", "--item", "Lineitem sku",
    )  # fmt: skip

    assert by_total.amounts["#1001"] == 6900
    assert (by_unit.amounts["#1001"], len(by_unit.placed["#1001"].items)) == (6000, 2)


def test_an_order_with_an_unreadable_row_is_left_out_whole(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount\n1,ann,2024-03-05,5.00\n1,ann,2024-03-05,five\n2,bob,2024-03-05,7.00\n"

    found = shop.imports(rows, *EUR, "--max-bad", "70%")

    assert found.amounts == {"2": 700}
    assert found.report == [
        "line 3: amount: 'five' is no number with '.' as decimal sign",
        "line 3: order: order 1 is left out whole with 1 row that can be read",
    ]


def test_rows_of_the_same_order_that_lost_a_field_take_the_order_with_them(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount\n1,ann,2024-03-05,5.00\n1,ann,2024-03-05\n2,bob,2024-03-05,7.00\n"

    assert shop.imports(rows, *EUR, "--max-bad", "70%").amounts == {"2": 700}


# ---------------------------------------------------------------- states, refunds, tests


def test_olist_orders_that_were_cancelled_or_unavailable_do_not_count(shop: Shop) -> None:
    found = shop.imports(DATA / "02-status.csv", "--preset", "olist")

    u1 = sum(order.amount for order in found.placed.values() if order.customer == "u1" and order.order_id != "o2")
    assert (u1, found.cancelled) == (6730, {"o2", "o3"})


def test_a_column_that_looks_like_a_status_and_is_not_used_is_remarked_upon(shop: Shop) -> None:
    found = shop.imports(
        DATA / "02-status.csv", "--customer", "customer_unique_id", "--time", "order_purchase_timestamp",
        "--amount", "payment_value", "--order", "order_id", "--currency", "BRL",
    )  # fmt: skip

    assert "'order_status' may tell orders that do not stand" in found.said.err
    assert "--status COL" in found.said.err


def test_states_become_what_they_mean(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount,State,Refund\n" + "".join(
        f"{n},c{n},2024-03-0{n} 10:00,10.00,{state},{refund}\n"
        for n, (state, refund) in enumerate(
            [("wc-completed", ""), ("failed", ""), ("Storniert", ""), ("REFUNDED", ""), ("partially_refunded", "4.00"),
             ("test", ""), ("到货", "")], start=1,
        )
    )  # fmt: skip

    asked = shop.imports(rows, *EUR, "--status", "State", "--refunded", "Refund")
    found = shop.imports(rows, *EUR, "--status", "State", "--refunded", "Refund", "--status-means", "到货=sale")

    assert asked.said.status == 2
    assert "'到货' (1 rows)" in asked.said.err
    assert "--status-means '到货=sale'" in asked.said.err
    assert set(found.amounts) == {"1", "3", "4", "5", "7"}
    assert (found.cancelled, found.returned) == ({"3"}, {"4": 1000, "5": 400})
    assert found.summary["meant"] == {"never paid": 1, "a test order": 1}


def test_pending_is_asked_for_where_no_preset_says_what_it_is(shop: Shop) -> None:
    found = shop.imports("Order,Customer,Date,Amount,State\n1,ann,2024-03-05,5.00,pending\n", *EUR, "--status", "State")

    assert found.said.status == 2
    assert "'pending'" in found.said.err


def test_one_woocommerce_refund_told_three_ways_counts_once(shop: Shop) -> None:
    found = shop.imports(DATA / "64-woocommerce.csv", "--preset", "woocommerce", "--tz", "Europe/Berlin")

    assert found.amounts == {"7001": 7240, "7002": 2000, "7003": 4000, "7005": 1600}
    assert found.returned == {"7003": 1200}
    assert stamps(dict(found.placed))["7001"] == "2026-11-02T09:00:00+00:00"
    assert [(item.sku, item.quantity, item.price) for item in found.placed["7001"].items] == [
        ("H-KIDS", 3, 4050),
        ("H-MAPS", 1, 2700),
    ]
    assert found.placed["7001"].coupons == ("lesen10",)
    assert found.placed["7005"].customer == KEYS.customer_of("guest.five@example.org")
    assert {getattr(event, "phone", None) for event in found.of("customer.updated")} == {"+4915112345064"}
    assert found.summary["meant"] == {"never paid": 1}


def test_a_taobao_export_is_read_with_all_its_digits_and_characters(shop: Shop) -> None:
    found = shop.imports(DATA / "61-taobao.csv", "--preset", "taobao")

    orders = {number[-3:]: amount for number, amount in found.amounts.items()}
    assert orders == {"001": 9800, "002": 119000, "004": 6600, "005": 12000}
    assert all(len(number) == 19 for number in found.amounts)
    assert {number[-3:] for number in found.cancelled} == {"004"}
    assert {number[-3:]: amount for number, amount in found.returned.items()} == {"005": 3000}
    times = {number[-3:]: time for number, time in stamps(dict(found.placed)).items()}
    assert (times["001"], times["002"]) == ("2026-11-10T16:00:03+00:00", "2026-11-11T15:59:58+00:00")
    cat = found.ids["爱书的猫"]
    assert {getattr(e, "phone", "") for e in found.of("customer.updated") if e.customer == cat} == {"+8613800138061"}
    assert "䶮䶮在看书" in found.ids
    assert len(found.report) == 2


# ---------------------------------------------------------------- returns and negative rows


def test_a_cancelling_invoice_gives_back_what_it_names(shop: Shop) -> None:
    found = shop.imports(DATA / "03-retail.csv", "--preset", "online-retail")

    assert found.amounts == {"536365": 3330, "541431": 7718360}
    assert found.returned == {"541431": 7718360}
    goods, money = found.of("order.returned"), found.of("refund.paid")
    assert [getattr(event, "refund", "") for event in goods] == [getattr(event, "refund", "") for event in money]
    assert {order.customer for order in found.placed.values()} == {"17850", "12346"}
    assert [item.sku for item in found.placed["536365"].items] == ["85123A"]
    assert any("C536379" in line and "not bought in the file" in line for line in found.report)


def test_a_return_takes_from_the_latest_purchases_first(shop: Shop) -> None:
    rows = (
        "Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID\n"
        "1,A,2,2010-12-01 08:00:00,5.00,7\n2,A,1,2010-12-02 08:00:00,5.00,7\n2,B,1,2010-12-02 08:00:00,9.00,7\n"
        "C3,A,-2,2010-12-03 08:00:00,5.00,7\nC4,A,-2,2010-12-04 08:00:00,5.00,7\n3,TEST001,1,2010-12-05,1.00,7\n"
    )

    found = shop.imports(rows, "--preset", "online-retail")

    assert found.returned == {"2": 500, "1": 1000}
    assert found.summary["meant"] == {"gives back GBP what was not bought in the file": 1, "a test order": 1}


def test_rows_that_take_something_off_later_are_a_return_of_their_order(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount\n1,ann,2024-03-05 10:00,50.00\n1,ann,2024-03-19 10:00,-20.00\n"

    found = shop.imports(rows, *EUR)

    assert (found.amounts, found.returned) == ({"1": 5000}, {"1": 2000})


def test_discount_and_shipping_rows_are_part_of_their_order(shop: Shop) -> None:
    found = shop.imports(DATA / "06-qtyblank.csv", *EUR, "--item", "Sku", "--quantity", "Qty")

    assert found.amounts == {"1": 3500}


@pytest.mark.parametrize(("quantity", "price"), [("-1", "10.00"), ("1", "-10.00"), ("-1", "-10.00"), ("", "-10.00")])
def test_a_discount_may_be_told_by_pieces_or_price(shop: Shop, quantity: str, price: str) -> None:
    rows = f"Order,Customer,Date,Amount,N\n1,a,2024-03-05,40.00,2\n1,a,2024-03-05,{price},{quantity}\n"

    assert shop.imports(rows, *EUR, "--amount-is", "unit", "--quantity", "N").amounts == {"1": 7000}


# ---------------------------------------------------------------- amounts


def test_words_of_currencies_are_understood_and_hold_the_order_to_it(shop: Shop) -> None:
    found = shop.imports(DATA / "07-curwords.csv", *EUR, "--max-bad", "80%")

    assert found.amounts == {"4": 1250}
    assert found.report[0] == "line 2: amount: 'R$ 1.234,56' is in BRL, but the order is in EUR"


def test_lakhs_and_rupees_are_read(shop: Shop) -> None:
    assert shop.imports(DATA / "07-lakh.csv", *FREE, "--currency", "INR").amounts == {"1": 10_000_000, "2": 125_000}


@pytest.mark.parametrize(
    ("amounts", "currency", "minor"),
    [
        (["1.234,56 zł", "(12,50) zł", "100,00"], "PLN", 132206),
        (["kr 1 234,50", "2,-"], "SEK", 123650),
        (["$1,234.50", "-$1.00", "5.00-"], "USD", 122850),
        (["1'234.50 CHF", "0.05"], "CHF", 123455),
    ],
)
def test_amounts_as_people_write_them(shop: Shop, amounts: list[str], currency: str, minor: int) -> None:
    rows = "Order;Customer;Date;Amount\n" + "".join(f"1;ann;2024-03-05;{text}\n" for text in amounts)

    assert shop.imports(rows, *FREE, "--currency", currency).amounts == {"1": minor}


def test_whole_amounts_with_dots_are_asked_for(shop: Shop) -> None:
    columns = (
        "--customer",
        "Cliente",
        "--time",
        "Fecha",
        "--amount",
        "Total",
        "--order",
        "Pedido",
        "--currency",
        "CLP",
    )

    asked = shop.imports(DATA / "08-clp2.csv", *columns)
    told = shop.imports(DATA / "08-clp2.csv", *columns, "--decimal", ",")
    proved = shop.imports(DATA / "08-clp.csv", *columns)

    assert asked.said.status == 2
    assert "--decimal ',' if it is 12,990" in asked.said.err
    assert not asked.events
    assert told.amounts == {"1": 12990, "2": 149990}
    assert proved.amounts == {"1": 12990, "2": 149990, "3": 1249990}


# ---------------------------------------------------------------- numbers that begin anew


def test_a_receipt_number_that_comes_again_after_a_year_is_no_order(shop: Shop) -> None:
    columns = ("--customer", "Card", "--time", "Date", "--amount", "Total", "--currency", "EUR")

    alone = shop.imports(DATA / "09-restart.csv", *columns, "--order", "Receipt")
    dated = shop.imports(DATA / "09-restart.csv", *columns, "--order", "Receipt", "--order", "Date")

    assert alone.said.status == 2
    assert not alone.events
    assert "0001 stands on rows that lie 729 days apart" in alone.report[0]
    assert "second --order" in alone.report[0]
    assert sorted(dated.amounts.values()) == [2000, 3000, 5000, 6000, 7000]


def test_numbers_that_begin_anew_at_each_till_need_the_till(shop: Shop) -> None:
    rows = (
        "Receipt,Till,Customer,Date,Amount\n"
        "1,A,ann,2024-03-05 09:00,5.00\n1,B,bob,2024-03-05 09:10,6.00\n2,A,cem,2024-03-05 10:00,7.00\n"
    )
    columns = (*EUR[:-4], "--currency", "EUR")

    assert shop.imports(rows, *columns, "--order", "Receipt").said.status == 2
    assert len(shop.imports(rows, *columns, "--order", "Receipt", "--order", "Till").placed) == 3


# ---------------------------------------------------------------- layout


def test_the_sep_line_of_spreadsheets_is_understood(shop: Shop) -> None:
    found = shop.imports(
        DATA / "11-sep.csv", "--customer", "Kunde", "--time", "Datum", "--amount", "Betrag", "--order", "Auftrag",
        "--currency", "EUR",
    )  # fmt: skip

    assert found.amounts == {"A-1": 1250, "A-2": 125000}


def test_titles_before_the_header_are_passed_over(shop: Shop) -> None:
    assert shop.imports(DATA / "11-preamble.csv", *EUR).amounts == {"1": 1000}


def test_a_quotation_mark_that_is_never_closed_stops_the_import(shop: Shop) -> None:
    found = shop.imports(DATA / "15-stray.csv", *EUR, "--item", "Item")

    assert found.said.status == 2
    assert "a quotation mark opened in line 11 is not closed before line 301" in found.said.err
    assert not found.events


@pytest.mark.parametrize("stray", ['"12 inch pipe', '"12" pipe', 'x,"'])
def test_quotation_marks_that_swallow_rows_are_reported_with_every_line(shop: Shop, stray: str) -> None:
    lines = [f"{n},c{n},Pipe,2024-03-05,1.00" for n in range(1, 200)]
    lines[9] = f"10,c10,{stray},2024-03-05,1.00"
    lines[14] = '15,c15,"Pipe, long",2024-03-05,1.00'

    found = shop.imports("Order,Customer,Item,Date,Amount\n" + "\n".join(lines) + "\n", *EUR, "--max-bad", "10%")

    lost = {int(line.split(":")[0].split()[1]) - 1 for line in found.report}
    assert len(found.placed) + len(lost) == 199
    assert not set(found.amounts) & {str(number) for number in lost}


def test_cdnow_is_read_by_its_name_and_by_column_numbers(shop: Shop) -> None:
    known = shop.imports(DATA / "21-cdnow.txt", "--preset", "cdnow")
    free = shop.imports(
        DATA / "21-cdnow.txt", "--customer", "1", "--time", "2", "--quantity", "3", "--amount", "4",
        "--currency", "USD", "--tz", "America/New_York",
    )  # fmt: skip

    assert sorted(known.amounts.values()) == sorted(free.amounts.values()) == [1177, 1200, 2076, 7700]


# ---------------------------------------------------------------- dates


def test_days_of_spreadsheets_are_dates_where_all_of_the_column_are(shop: Shop) -> None:
    options = (
        "--customer",
        "Email",
        "--time",
        "Created at",
        "--amount",
        "Total",
        "--order",
        "Name",
        "--currency",
        "EUR",
    )

    found = shop.imports(DATA / "16-serial.csv", *options)

    assert list(stamps(dict(found.placed)).values()) == [
        "2024-04-02T08:20:58+00:00",
        "2024-04-03T12:00:00+00:00",
        "2024-04-04T12:00:00+00:00",
    ]


@pytest.mark.parametrize("date", ["1900-01-01", "1970-01-01 00:00:00", "2999-01-01", "0"])
def test_dates_that_no_shop_sold_on_are_reported(shop: Shop, date: str) -> None:
    rows = f"Order,Customer,Date,Amount\n1,ann,{date},5.00\n2,bob,2024-03-05,7.00\n"

    found = shop.imports(rows, *EUR, "--max-bad", "50%")

    assert found.amounts == {"2": 700}
    assert found.report[0].startswith("line 2: time: ")


# ---------------------------------------------------------------- ids


def test_ids_that_events_cannot_carry_are_mapped_by_one_rule(shop: Shop) -> None:
    found = shop.imports(DATA / "23-ids.csv", *EUR)

    assert len({order.customer for order in found.placed.values()}) == 5
    assert found.placed["1"].customer == "user:42"
    for given, mapped in found.ids.items():
        assert shop.runs("import", "id", given).out.strip() == mapped
    assert found.ids["Jane Doe"] == "x-7d7586289befd926780dacdefe7b5ba1"


def test_an_id_in_scientific_notation_has_lost_its_digits_and_is_refused(shop: Shop) -> None:
    rows = "Order,Customer,Date,Amount\n1,5.01235E+12,2024-03-05,5.00\n4.5E+15,b,2024-03-05,5.00\n3,c,2024-03-05,7\n"

    found = shop.imports(rows, *EUR, "--max-bad", "70%")

    assert found.amounts == {"3": 700}
    assert all("scientific notation" in line for line in found.report)


def test_the_same_customer_is_the_same_with_and_without_point_zero_or_dressing(shop: Shop) -> None:
    rows = 'Order,Customer,Date,Amount\n1,00123.0,2024-03-05,5\n2,\'00123,2024-03-05,5\n3,"=""00123""",2024-03-05,7\n'

    assert {order.customer for order in shop.imports(rows, *EUR).placed.values()} == {"00123"}


def test_a_mapping_is_never_written_so_that_a_spreadsheet_would_run_it(shop: Shop) -> None:
    shop.imports('Order,Customer,Date,Amount\n1,"=HYPERLINK(""x"")",2024-03-05,5\n', *EUR)

    assert (shop.folder / "out.jsonl.ids.csv").read_text().splitlines()[1].startswith("\"'=HYPERLINK")


def test_an_export_that_names_no_currency_is_asked_for_one(shop: Shop) -> None:
    rows = (
        "ID,Purchase Date,Grand Total (Purchased),Status,Customer Email\n"
        '1,"Mar 5, 2024, 10:00:00 AM",$12.00,Complete,a@x.org\n'
    )

    assert "--currency EUR" in shop.imports(rows, "--preset", "magento").said.err
    assert shop.imports(rows, "--preset", "magento", "--currency", "USD").amounts == {"1": 1200}
