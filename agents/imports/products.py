"""A shop's catalogue: rows of products as lines for ``tend products``, which tells customers' lists what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from agents.imports.amounts import MICRO, currency_code, minor_units
from agents.imports.cells import identity, is_yes
from agents.imports.conventions import Conventions, prove
from agents.imports.imported import Imported, judged
from agents.imports.opening import OnBytes
from agents.imports.output import IdMap, written_whole
from agents.imports.people import Cells
from agents.imports.presets import Layout
from agents.imports.problems import BadValue, RejectedRows
from agents.imports.request import Request, tables_of
from agents.imports.table import TableRow

_LABEL, _TITLE = 64, 200
_MOST_PIECES: Final = 10**9
CATALOGUES: Final[Mapping[str, Layout]] = {
    "shopify": Layout(
        {
            "handle": ("Handle",),
            "sku": ("Variant SKU", "SKU"),
            "title": ("Title",),
            "category": ("Type", "Product Category"),
            "price": ("Variant Price", "Price"),
            "quantity": ("Variant Inventory Qty", "Inventory quantity"),
            "image": ("Variant Image", "Image Src", "Product image URL"),
        },
        needs=("handle", "sku", "price"),
    ),
    "woocommerce": Layout(
        {
            "sku": ("SKU",),
            "title": ("Name",),
            "category": ("Categories",),
            "price": ("Sale price", "Regular price"),
            "quantity": ("Stock",),
            "in_stock": ("In stock?",),
            "image": ("Images",),
        },
        needs=("sku", "title", "price"),
    ),
}
"""Products as Shopify and WooCommerce export them: a row for each variant, and the title on the first of them alone."""


def import_products(request: Request, out: Path, page: str, on_bytes: OnBytes = lambda at: None) -> Imported:
    """Write each product of a table as a line of a feed.

    Args:
        request: what was asked for.
        out: the feed.
        page: address of a product's page, with ``{handle}`` or ``{sku}`` where they stand; empty where none is told.
        on_bytes: told how far the file was read.

    Raises:
        TendError: the file, a column, or amounts as a whole cannot be understood.
    """
    request.require_other(out)
    parts, remarks = tables_of(request)
    with (
        RejectedRows(out.with_name(out.name + ".left-out.txt")) as left_out,
        IdMap(out.with_name(out.name + ".ids.csv")) as ids,
    ):
        found = Imported(out, left_out, ids, remarks=remarks)
        conventions = prove(parts, request.told, on_bytes)
        with judged(found), written_whole(out) as file:
            for table, layout in parts:
                cells = Cells(table, dict(layout.columns), conventions)
                for line in _lines(table.rows(on_bytes), _Products(cells, conventions, request.currency, page), found):
                    file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                    found.events["product"] += 1
            found.judge(request.max_bad, found.events.total(), "product")
        return found


def _lines(rows: Iterator[TableRow], products: _Products, found: Imported) -> Iterator[dict[str, Any]]:
    for row in rows:
        found.rows += 1
        try:
            if row.problem is not None:
                raise row.problem
            line = products.line(row)
        except BadValue as problem:
            found.left_out.add(f"line {row.number}", problem)
            continue
        if line is None:
            found.left_out.leave(f"line {row.number}", "no article number")
        else:
            yield line


class _Products:
    """Reads rows; what stands on a product's first row alone goes for its other rows as well."""

    def __init__(self, cells: Cells, conventions: Conventions, currency: str, page: str) -> None:
        self._cells = cells
        self._amounts = conventions.amounts
        self._currency = currency
        self._page = page
        self._handle = ""
        self._of_all: dict[str, Any] = {}

    def line(self, row: TableRow) -> dict[str, Any] | None:
        """The product of this row; None where it is none, such as a further picture."""
        cells = self._cells.of(row)
        own = {"title": cells.text("title")[:_TITLE], "category": _last(cells.text("category"))[:_LABEL]}
        image = cells.text("image").partition(",")[0].strip()
        if image.startswith(("https://", "http://")):
            own["image"] = image
        filled = {name: value for name, value in own.items() if value}
        handle = cells.text("handle")
        if handle and handle == self._handle:
            filled = self._of_all | filled
        self._handle, self._of_all = handle, filled
        sku = identity("sku", cells.text("sku"))[:_LABEL]
        if not sku:
            return None
        url = self._page.replace("{handle}", handle).replace("{sku}", sku)
        return {"sku": sku, **filled, **self._price(cells), **self._stock(cells), **({"url": url} if url else {})}

    def _price(self, cells: Cells) -> dict[str, Any]:
        text = cells.text("price")
        if not text:
            return {}
        currency = currency_code("currency", cells.text("currency") or self._currency)
        minor = minor_units("price", self._amounts["price"].micros("price", text, currency), currency)
        if minor < 0:
            raise BadValue("price", f"{text!r} is less than nothing")
        return {"price": minor, "currency": currency}

    def _stock(self, cells: Cells) -> dict[str, Any]:
        """Pieces at hand; what was sold beyond them is none, and a yes without a number is one at least."""
        if text := cells.text("quantity"):
            pieces = self._amounts["quantity"].micros("stock", text) // MICRO
            return {"stock": min(max(pieces, 0), _MOST_PIECES)}
        if (text := cells.text("in_stock")) and text.lower() != "backorder":
            return {"stock": int(is_yes("stock", text))}
        return {}


def _last(category: str) -> str:
    """The narrowest of a path: ``Books > Travel > Maps``, the first of several."""
    return category.partition(",")[0].rpartition(">")[2].strip()
