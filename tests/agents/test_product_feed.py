"""The shop's catalogue meets the lists that customers keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.product_feed import ProductFeed, news_for, read_feed
from agents.rehearsal import EventLine, Rehearsed, rehearse
from rules.loading import shipped
from schemas.errors import TendError
from schemas.times import DAY, Millis
from tests.rules.moments import at

TODAY: Millis = at("2026-03-10T06:00:00+00:00")
KNOWN: dict[str, Any] = {"sku": "s-1", "title": "The Tidal Almanac", "price": 1_800, "currency": "EUR", "stock": 4}


def feed(tmp_path: Path, *products: dict[str, Any], as_of: Millis = TODAY) -> ProductFeed:
    file = tmp_path / "catalogue.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(one) for one in products))
    return read_feed(file, as_of)


def noted(*more: dict[str, Any], price: int = 2_000, in_stock: bool = False) -> Rehearsed:
    """A customer who noted a product, and what happened then."""
    told: list[dict[str, Any]] = [
        {"type": "customer.registered", "time": "2026-03-01T12:00:00Z", "email": "mia@example.org"},
        {"type": "consent.granted", "time": "+1 minute", "channel": "email", "purpose": "marketing"},
        {
            "type": "wishlist.added",
            "time": "+1 hour",
            "sku": "s-1",
            "price": price,
            "currency": "EUR",
            "in_stock": in_stock,
        },
        *more,
    ]
    lines = [EventLine(number, orjson.dumps({"customer": "c-1", **one})) for number, one in enumerate(told, 1)]
    return rehearse(lines, shipped(), TODAY + 2 * DAY)


def news(done: Rehearsed, known: ProductFeed) -> list[dict[str, Any]]:
    return list(news_for(done.customers["c-1"].record, known))


def test_what_is_back_reaches_who_noted_it_with_all_that_the_catalogue_knows(tmp_path: Path) -> None:
    page = {"url": "https://shop.example/s-1", "image": "https://shop.example/s-1.jpg"}
    (told,) = news(noted(), feed(tmp_path, KNOWN | page))

    done = noted(told)
    (mail,) = [action for action in done.actions() if action.rule == "wish_back"]
    assert mail.message is not None
    assert mail.message.subject == "The Tidal Almanac is in stock again"
    assert "€18.00" in mail.message.body[0]
    assert (told["url"], told["image"]) == (page["url"], page["image"])


def test_the_same_catalogue_again_is_no_news(tmp_path: Path) -> None:
    (told,) = news(noted(), feed(tmp_path, KNOWN))
    again = feed(tmp_path, KNOWN, as_of=TODAY + DAY)

    assert news(noted(told), again) == []


def test_told_twice_before_anybody_has_read_it_it_is_told_under_one_id(tmp_path: Path) -> None:
    (one,), (two,) = (news(noted(), feed(tmp_path, KNOWN)) for _ in range(2))

    assert one == two
    assert len([action for action in noted(one, two).actions() if action.rule == "wish_back"]) == 1


def test_a_lower_price_is_told_and_a_new_title_alone_is_not(tmp_path: Path) -> None:
    known = noted(in_stock=True)

    assert len(news(known, feed(tmp_path, KNOWN))) == 1
    assert news(known, feed(tmp_path, {"sku": "s-1", "title": "Another title"})) == []
    assert news(known, feed(tmp_path, KNOWN | {"price": 2_000})) == []
    assert news(known, feed(tmp_path, {"sku": "s-2", "stock": 3})) == []


def test_what_the_list_knows_later_than_the_catalogue_stays(tmp_path: Path) -> None:
    assert news(noted(), feed(tmp_path, KNOWN | {"time": "2026-02-01T00:00:00Z"})) == []


def test_of_a_product_that_stands_twice_the_later_counts(tmp_path: Path) -> None:
    older = KNOWN | {"time": "2026-03-08T00:00:00Z", "stock": 9}
    (told,) = news(noted(), feed(tmp_path, KNOWN, older))

    assert told["stock"] == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"sku": "s-1", "price": -1, "currency": "EUR"}', "price"),
        (b'{"sku": "s-1", "price": 100}', "currency"),
        (b'{"title": "Nameless"}', "sku"),
        (b'{"sku": "s-1", "time": "yesterday"}', "time"),
        (b"[]", "expected a JSON object"),
        (b"sku;price", "not JSON"),
    ],
)
def test_a_line_that_is_no_product_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    file = tmp_path / "catalogue.jsonl"
    file.write_bytes(b'{"sku": "s-0", "stock": 1}\n\n' + line)

    with pytest.raises(TendError, match=rf"catalogue\.jsonl:3: .*{said}"):
        read_feed(file, TODAY)


def test_an_empty_file_is_no_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.jsonl"
    file.write_bytes(b"\n")

    with pytest.raises(TendError, match="holds no product"):
        read_feed(file, TODAY)
