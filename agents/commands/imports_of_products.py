"""``tend import products``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from agents.commands.import_options import (
    CurrencyOption,
    DelimiterOption,
    EncodingOption,
    FileArgument,
    JsonOption,
    MaxBadOption,
    delimiter_of,
    request_of,
)
from agents.commands.import_reports import tell
from agents.imports.presets import Layout
from agents.imports.products import CATALOGUES, import_products
from schemas.errors import TendError


def products(
    file: FileArgument,
    preset: Annotated[
        Literal["shopify", "woocommerce"] | None, typer.Option(help="A known export, in place of columns.")
    ] = None,
    sku: Annotated[str | None, typer.Option(help="Column of the article number, as wishes and orders name it.")] = None,
    title: Annotated[str | None, typer.Option(help="Column of the title.")] = None,
    category: Annotated[str | None, typer.Option(help="Column of the category.")] = None,
    price: Annotated[str | None, typer.Option(help="Column of the price.")] = None,
    currency_column: Annotated[str | None, typer.Option(help="Column of the price's currency.")] = None,
    stock: Annotated[str | None, typer.Option(help="Column of the pieces at hand.")] = None,
    image: Annotated[str | None, typer.Option(help="Column of the picture's address.")] = None,
    page: Annotated[
        str, typer.Option(help="Address of a product's page: 'https://shop.example/products/{handle}', or {sku}.")
    ] = "",
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, '.' or ',', where no price proves it.")] = None,
    currency: CurrencyOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    max_bad: MaxBadOption = "1%",
    out: Annotated[Path | None, typer.Option(help="Result. FILE.products.jsonl", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a shop's catalogue into a feed for `tend products`.

    It lets the lists of customers know what is back, sold out or priced anew.

    Example: tend import products products_export.csv --preset shopify --currency EUR
    """
    told = {
        "sku": sku, "title": title, "category": category, "price": price, "currency": currency_column,
        "quantity": stock, "image": image,
    }  # fmt: skip
    columns = {meaning: (column,) for meaning, column in told.items() if column is not None}
    request = request_of(file, None, (_layout(columns, preset),), currency=currency, decimal=decimal, max_bad=max_bad)
    if "price" in request.layouts[0].columns and not (request.currency or "currency" in columns):
        raise TendError("The file does not say in which currency its prices are: say --currency EUR, or as it is.")
    request = replace(request, delimiter=delimiter_of(delimiter), encoding=encoding)
    target = out or file.with_name(f"{file.name.partition('.')[0] or file.name}.products.jsonl")
    tell(import_products(request, target, page), as_json)


def _layout(columns: Mapping[str, tuple[str, ...]], preset: str | None) -> Layout:
    if preset is not None:
        known = CATALOGUES[preset]
        return replace(known, columns={**known.columns, **columns})
    if "sku" not in columns:
        raise TendError("--sku COL is missing, or a --preset. `tend import look FILE` shows the columns.")
    return Layout(columns, tuple(columns))
