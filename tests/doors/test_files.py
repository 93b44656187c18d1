"""Exports of shops: platforms of China, and one order in several rows."""

from __future__ import annotations

import pytest

from tests.agents.imports.shop import DATA, KEYS, Shop
from tests.doors.told import comes_in

TAOBAO = "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,订单付款时间 ,退款金额,联系手机"


@comes_in("exports of China", "scrapy/w3lib PR #300, golang/go #48691, Zeyi-Lin/HivisionIDPhotos #181")
def test_an_export_in_gb18030_keeps_its_digits_characters_and_states(shop: Shop) -> None:
    found = shop.imports(DATA / "61-taobao.csv", "--preset", "taobao")

    assert {number[-3:]: amount for number, amount in found.amounts.items()} == {
        "001": 9_800, "002": 119_000, "004": 6_600, "005": 12_000
    }  # fmt: skip
    assert "䶮䶮在看书" in found.ids


@pytest.mark.parametrize(("number", "amount", "encoding"), [
    ('"3190286710000000001\t"', "98.00", "utf-8-sig"),
    ('"=""3190286710000000001"""', "¥98.00", "gb18030"),
    ("'3190286710000000001", "98.00元", "gb18030"),
    ("`3190286710000000001", '"￥ 98.00"', "gbk"),
])  # fmt: skip
@comes_in(
    "exports of China", "chinabugotech/hutool #2477: a tab, or a mark in front, so that spreadsheets keep the digits",
    "Sky-seeker/BuyerOrdersExport PR #2: a number with a tab behind it, as Alipay writes it",
    "zhongshaofa/easyadmin PR #38, layui/layui #388: the same by other tools",
)  # fmt: skip
def test_digits_that_were_dressed_for_spreadsheets_are_digits(
    shop: Shop, number: str, amount: str, encoding: str
) -> None:
    row = f"{number},爱书的猫,{amount},交易成功,2026-11-11 00:00:03,2026-11-11 00:01:15,0.00,'13800138061"
    found = shop.imports(shop.file("ExportOrderList.csv", f"{TAOBAO}\n{row}\n".encode(encoding)), "--preset", "taobao")

    assert found.amounts == {"3190286710000000001": 9_800}


@comes_in(
    "rows of one order",
    "mithunmanohar/woocommerce-orders-google-sheets-integration #57, woocommerce/woocommerce #46643",
)
def test_totals_that_every_row_repeats_count_once(shop: Shop) -> None:
    found = shop.imports(DATA / "64-woocommerce.csv", "--preset", "woocommerce", "--tz", "Europe/Berlin")

    assert found.amounts == {"7001": 7_240, "7002": 2_000, "7003": 4_000, "7005": 1_600}
    assert found.returned == {"7003": 1_200}
    assert found.placed["7005"].customer == KEYS.customer_of("guest.five@example.org")


@comes_in("rows of one order", "julionc/awesome-shopify PR #81: fields of the order are blank on its further rows")
def test_fields_that_only_the_first_row_has_belong_to_all(shop: Shop) -> None:
    found = shop.imports(DATA / "01-shopify.csv", "--preset", "shopify")

    assert found.amounts == {"#1001": 6_900, "#1002": 3_000, "#1003": 5_000}
    assert found.returned == {"#1003": 2_000}


@comes_in("rows of one order", "julionc/awesome-shopify PR #81: a price is of one piece here, of the whole line there")
def test_prices_of_pieces_are_taken_times_their_number_where_that_meets_the_total(shop: Shop) -> None:
    found = shop.imports(DATA / "01-shopify.csv", "--preset", "shopify")

    assert [(one.sku, one.quantity, one.price) for one in found.placed["#1001"].items] == [
        ("MUG", 2, 4_000), ("BOWL", 1, 2_000)
    ]  # fmt: skip
