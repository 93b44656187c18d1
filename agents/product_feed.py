"""The shop's catalogue, told once: what has changed of the products that customers noted, one event for each of them.

The catalogue stays in the shop; its feed is compared with the lists that the records hold. Everything that a decision
takes from it (price, stock, title, page, picture) stands in the customer's own event, so that deciding again, replaying
and rebuilding need no catalogue, and what was known at that moment can be looked up where all events are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from agents.lines import bounded_lines
from schemas.customers import ProductUpdated
from schemas.errors import TendError
from schemas.events import Invalid, decode_event
from schemas.ids import digest
from schemas.record import CustomerRecord
from schemas.relations import Wish
from schemas.times import Millis, to_rfc3339
from streams.texts import clipped
from streams.wishes import SKU_BYTES

ProductFeed = Mapping[str, ProductUpdated]
"""The newest state of each product, by its sku as records hold it."""
_NOBODY: Final = "feed"
_FIELDS: Final = ("sku", "title", "category", "price", "currency", "stock", "url", "image")


def read_feed(path: Path, as_of: Millis) -> ProductFeed:
    """The products in a file of JSON lines: ``sku``, and what is known of it.

    Args:
        path: the file.
        as_of: when a line holds that names no ``time``.

    Raises:
        TendError: it cannot be read, or a line is no product; the message names file, line and field.
    """
    feed: dict[str, ProductUpdated] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            product = _product(line, as_of)
        except Invalid as wrong:
            raise TendError(f"{path}:{number}: {wrong}") from None
        key = clipped(product.sku, SKU_BYTES)
        known = feed.get(key)
        if known is None or known.at <= product.at:
            feed[key] = product
    if not feed:
        raise TendError(f"{path}: holds no product. Expected one JSON object a line, with sku, price, currency, stock.")
    return feed


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from bounded_lines(file, str(path))
    except OSError as error:
        raise TendError(f"{path}: {error.strerror}. Expected a file of products, one JSON object a line.") from None


def _product(line: bytes, as_of: Millis) -> ProductUpdated:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Invalid("wrong_json", "", f"not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid("wrong_json", "", "expected a JSON object")
    named = {name: told[name] for name in _FIELDS if told.get(name) is not None}
    event = {
        "id": _NOBODY, "type": "product.updated", "customer": _NOBODY, "time": told.get("time", to_rfc3339(as_of)),
        **named,
    }  # fmt: skip
    product = decode_event(orjson.dumps(event))
    assert isinstance(product, ProductUpdated)
    if product.left_out:
        raise Invalid("wrong_field", product.left_out[0], "not what the contract expects; see product.updated")
    if product.price is not None and product.currency is None:
        raise Invalid("wrong_field", "currency", "a price has a currency")
    return product


def news_for(record: CustomerRecord, feed: ProductFeed) -> Iterator[dict[str, Any]]:
    """The events that tell this customer's list what has changed; none where it knows."""
    for wish in record.wishes:
        product = feed.get(wish.sku)
        if product is not None and product.at > wish.changed and _differs(wish, product):
            yield _told(record.id, product)


def _differs(wish: Wish, product: ProductUpdated) -> bool:
    """Whether it came back, sold out, or costs something else: a new title alone is no news."""
    if product.stock is not None and (product.stock > 0) != wish.in_stock:
        return True
    return product.price is not None and product.currency == wish.currency and product.price != wish.price


def _told(customer: str, product: ProductUpdated) -> dict[str, Any]:
    known = {name: value for name in _FIELDS if (value := getattr(product, name)) is not None}
    # Told again, the same news has the same id.
    state = orjson.dumps(known, option=orjson.OPT_SORT_KEYS).decode()
    name = digest(customer, str(product.at), state, size=12).hex()
    time = to_rfc3339(product.at)
    return {"id": f"product-{name}", "type": "product.updated", "customer": customer, "time": time, **known}
