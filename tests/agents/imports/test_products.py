"""A shop's catalogue as Shopify and WooCommerce export it, and in free columns."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agents.clock import wall_clock
from agents.product_feed import read_feed
from tests.agents.imports.shop import Shop, shop

__all__ = ["shop"]

_SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Variant SKU,Variant Inventory Qty,Variant Price,Image Src,"
    "Variant Image\n"
    'atlas,Great Atlas,"<p>All of it,\nin maps</p>",Lindmoor,Books,Atlases,AT-1,3,48.00,https://cdn.example/a.jpg,\n'
    "atlas,,,,,,AT-2,-2,52.50,https://cdn.example/b.jpg,https://cdn.example/paper.jpg\n"
    "atlas,,,,,,,,,https://cdn.example/c.jpg,\n"
    "globe,Globe,,Lindmoor,Decor,,GL-1,0,99,,\n"
)
_WOOCOMMERCE = (
    "ID,Type,SKU,Name,Published,In stock?,Stock,Sale price,Regular price,Categories,Images\n"
    '7,simple,WA-1,Walking map,1,1,,8.5,10,"Books > Maps, Travel","https://s.example/1.jpg, https://s.example/2.jpg"\n'
    "8,simple,WA-2,Compass,1,backorder,,,25,Gear,\n"
    "9,simple,WA-3,Tent,1,0,,,199,Gear,\n"
)


def fed(shop: Shop, rows: str, *options: str) -> tuple[Any, list[dict[str, Any]]]:
    """What was said, and the lines of the feed."""
    path, out = shop.file("products.csv", rows), shop.folder / "feed.jsonl"
    said = shop.runs("import", "products", str(path), "--out", str(out), *options)
    if not out.exists():
        return said, []
    lines = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    assert set(read_feed(out, wall_clock())) == {line["sku"] for line in lines}, "`tend products` takes it"
    return said, lines


def test_variants_of_shopify_are_products_of_their_own_under_the_title_of_the_first(shop: Shop) -> None:
    said, feed = fed(
        shop, _SHOPIFY, "--preset", "shopify", "--currency", "EUR", "--page", "https://s.example/products/{handle}"
    )

    atlas = {
        "title": "Great Atlas",
        "category": "Atlases",
        "currency": "EUR",
        "url": "https://s.example/products/atlas",
    }
    assert feed == [
        {"sku": "AT-1", **atlas, "image": "https://cdn.example/a.jpg", "price": 4800, "stock": 3},
        {"sku": "AT-2", **atlas, "image": "https://cdn.example/paper.jpg", "price": 5250, "stock": 0},
        {"sku": "GL-1", "title": "Globe", "category": "Decor", "price": 9900, "currency": "EUR", "stock": 0,
         "url": "https://s.example/products/globe"},
    ]  # fmt: skip
    assert "4 rows: 3 products" in said.out
    assert f"next: tend products {shop.folder}/feed.jsonl" in said.out
    assert "left out: 1 no article number" in said.err


def test_a_sale_price_of_woocommerce_is_the_price_and_a_yes_is_stock(shop: Shop) -> None:
    _, feed = fed(shop, _WOOCOMMERCE, "--preset", "woocommerce", "--currency", "USD")

    assert [(one["sku"], one["price"], one.get("stock"), one["category"]) for one in feed] == [
        ("WA-1", 850, 1, "Maps"), ("WA-2", 2500, None, "Gear"), ("WA-3", 19900, 0, "Gear"),
    ]  # fmt: skip
    assert feed[0]["image"] == "https://s.example/1.jpg"


def test_free_columns_of_any_system_are_read_and_what_is_wrong_is_named_by_its_line(shop: Shop) -> None:
    rows = "Artikel;Name;Preis;Bestand\nA-1;Atlas;1.234,50;1.000\nA-2;Karte;gratis;5\nA-3;Globus;-3,00;5\n"
    columns = ("--sku", "Artikel", "--title", "Name", "--price", "Preis", "--stock", "Bestand", "--currency", "EUR")

    said, feed = fed(shop, rows, *columns, "--max-bad", "70%")

    assert feed == [{"sku": "A-1", "title": "Atlas", "price": 123450, "currency": "EUR", "stock": 1000}]
    assert "line 3: price: 'gratis' is no number" in said.err
    assert "line 4: price: '-3,00' is less than nothing" in said.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--title", "Name"), "--sku COL is missing"),
        (("--sku", "Artikel", "--price", "Preis"), "--currency EUR"),
        (("--sku", "Nummer"), "the column 'Nummer' of sku is not there"),
    ],
)
def test_what_is_missing_is_said_with_the_option_that_mends_it(shop: Shop, options: tuple[str, ...], says: str) -> None:
    said, feed = fed(shop, "Artikel;Name;Preis\nA-1;Atlas;12,50\n", *options)

    assert (said.status, feed) == (2, [])
    assert says in said.err
