"""``tend import``: what shops export, into files of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from agents.access import access_keys
from agents.commands.import_options import (
    Columns,
    CurrencyOption,
    DateFormatOption,
    DelimiterOption,
    EncodingOption,
    FileArgument,
    HeaderOption,
    JsonOption,
    MaxBadOption,
    OutOption,
    PresetOption,
    SinceOption,
    TzOption,
    default_out,
    delimiter_of,
    layouts_of,
    request_of,
)
from agents.commands.import_reports import LOOK_ROWS, LookReport, look_json, tell, tell_look
from agents.commands.imports_of_people import complaints, consent, customers
from agents.commands.imports_of_products import products
from agents.imports.history import import_orders
from agents.imports.imported import Imported
from agents.imports.look import Look, look_at
from agents.imports.presets import PRESETS, AmountIs
from agents.imports.request import Request
from agents.screen import say, say_json
from infra.settings import load_settings
from schemas.errors import TendError

app = typer.Typer(no_args_is_help=True, help="Turn what shops export into files of events.")


@app.callback()
def histories() -> None:
    """Turn what shops export into files of events."""


@app.command()
def orders(
    file: FileArgument,
    preset: PresetOption = None,
    customer: Annotated[Columns, typer.Option(help="Column of the customer's id; a second one for guests.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of the moment of the order.")] = None,
    amount: Annotated[str | None, typer.Option(help="Column of the amount.")] = None,
    amount_is: Annotated[
        AmountIs | None,
        typer.Option(help="What the amount is of: the line (usual), one piece, or the whole order."),
    ] = None,
    order: Annotated[
        Columns, typer.Option(help="Column of the order number; several are one number together. Else rows are orders.")
    ] = None,
    item: Annotated[Columns, typer.Option(help="Column of the article.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of the number of pieces.")] = None,
    price: Annotated[str | None, typer.Option(help="Column of the article's price, beside the order's amount.")] = None,
    price_is: Annotated[
        Literal["unit", "line"] | None, typer.Option(help="What that price is of: one piece (usual) or the line.")
    ] = None,
    category: Annotated[str | None, typer.Option(help="Column of the article's category.")] = None,
    currency: CurrencyOption = None,
    currency_column: Annotated[str | None, typer.Option(help="Column of that code, where amounts differ.")] = None,
    status: Annotated[str | None, typer.Option(help="Column of the order's state: paid, cancelled, refunded …")] = None,
    status_means: Annotated[
        list[str] | None, typer.Option(help="STATE=MEANING: sale, unpaid, cancelled, refunded, refund or test.")
    ] = None,
    refunded: Annotated[str | None, typer.Option(help="Column of what was paid back of the order.")] = None,
    paid_at: Annotated[str | None, typer.Option(help="Column of the moment of payment.")] = None,
    cancelled_at: Annotated[str | None, typer.Option(help="Column of the moment of cancellation.")] = None,
    dispatched_at: Annotated[str | None, typer.Option(help="Column of the moment of dispatch.")] = None,
    delivered_at: Annotated[str | None, typer.Option(help="Column of the moment of delivery.")] = None,
    coupon: Annotated[str | None, typer.Option(help="Column of coupon codes.")] = None,
    test: Annotated[str | None, typer.Option(help="Column that says which orders are tests.")] = None,
    email: Annotated[str | None, typer.Option(help="Column of the customer's e-mail address.")] = None,
    phone: Annotated[Columns, typer.Option(help="Column of the customer's phone number.")] = None,
    name: Annotated[str | None, typer.Option(help="Column of the customer's name.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO code of the country of phone numbers: DE.")] = None,
    tz: TzOption = None,
    date_format: DateFormatOption = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, '.' or ',', where no amount proves it.")] = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    header: HeaderOption = None,
    since: SinceOption = None,
    max_bad: MaxBadOption = "1%",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn an order history into a file for `tend replay --events`. See docs/imports.md.

    Rows of one order become one order, wherever they stand. An order with a row that cannot be read is left out whole;
    every such row is listed beside the result. Try `tend import look FILE` first.

    Examples:

      tend import orders orders_export.csv --preset shopify

      tend import orders sales.csv --customer client --time date --amount total --currency EUR

      tend import orders lines.csv --customer cust --time at --amount price --amount-is unit --quantity n --order no
      --item sku --currency-column cur --tz Europe/Berlin
    """
    told = {
        "customer": customer, "time": time, "amount": amount, "order": order, "item": item, "quantity": quantity,
        "price": price, "category": category, "currency": currency_column, "status": status, "refunded": refunded,
        "paid_at": paid_at, "cancelled_at": cancelled_at, "dispatched_at": dispatched_at, "delivered_at": delivered_at,
        "coupon": coupon, "test": test, "email": email, "phone": phone, "name": name,
    }  # fmt: skip
    columns = {
        meaning: (one,) if isinstance(one, str) else tuple(one) for meaning, one in told.items() if one is not None
    }
    known = PRESETS.get(preset or "")
    request = request_of(
        file, known, layouts_of(known, columns, amount_is, price_is), tz=tz, currency=currency, country=country,
        statuses=status_means, date_format=date_format, decimal=decimal, since=since, max_bad=max_bad,
    )  # fmt: skip
    request = replace(request, encoding=encoding, delimiter=delimiter_of(delimiter) or request.delimiter)
    if header is not None:
        request = replace(request, header=header)
    _consistent(request)
    target = out or default_out(file)
    found = _imported(request, target)
    tell(found, as_json)


for _command in (customers, consent, complaints, products):
    app.command()(_command)


@app.command()
def look(
    file: FileArgument,
    currency: CurrencyOption = None,
    tz: TzOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    header: HeaderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how a file is laid out, what its columns probably mean, what would be made of it, and the command to run.

    Nothing is written.

    Example: tend import look orders_export.csv
    """
    sign = delimiter_of(delimiter)
    seen = look_at(file, encoding, sign, header)
    more = [
        text
        for name, value in (("currency", currency), ("tz", tz), ("delimiter", delimiter), ("encoding", encoding))
        if value is not None
        for text in (f"--{name}", value)
    ]
    options = [*seen.options(), *more]
    made, refused = None, ""
    needs_currency = not seen.has_currency and currency is None
    if not seen.missing and not needs_currency:
        made, refused = _would_make(file, seen, options)
    if as_json:
        say_json(look_json(LookReport(file, seen, options, made, refused, needs_currency)))
    else:
        tell_look(LookReport(file, seen, options, made, refused, needs_currency))


@app.command("id")
def id_of(given: Annotated[str, typer.Argument(help="What another system calls the customer.")]) -> None:
    """Say under which id a customer is kept, as every door makes it.

    Example: tend import id "Jane Doe"
    """
    try:
        say(access_keys(load_settings()).customer_of(given))
    except ValueError as problem:
        raise TendError(f"The id {problem}.") from None


def _consistent(request: Request) -> None:
    orders_of = [layout for layout in request.layouts if not layout.looks_up]
    columns = {meaning for layout in orders_of for meaning in layout.columns}
    if any(layout.amount_is == "unit" and "quantity" not in layout.columns for layout in orders_of):
        raise TendError("--amount-is unit multiplies by the number of pieces: say its column with --quantity COL.")
    if any(layout.amount_is == "order" and "order" not in layout.columns for layout in orders_of):
        raise TendError("--amount-is order needs the order numbers: say their column with --order COL.")
    if "category" in columns and "item" not in columns:
        raise TendError("--category is that of the article: say the article's column with --item COL.")
    if "price" in columns and all(layout.amount_is != "order" for layout in orders_of) and len(orders_of) == 1:
        raise TendError("--price stands beside the amount of the whole order: say --amount-is order.")


def _imported(request: Request, target: Path) -> Imported:
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"reading {request.path.name}", total=_size(request.path))
        return import_orders(request, target, lambda at: bar.update(task, completed=at))


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _would_make(file: Path, seen: Look, options: Sequence[str]) -> tuple[Imported | None, str]:
    """What an import with these options makes of the first rows; or why it makes nothing."""
    values = dict(zip(options[::2], options[1::2], strict=False)) if "--no-header" not in options else _pairs(options)
    preset = PRESETS.get(seen.preset)
    columns = {meaning: (column,) for meaning, column in seen.guessed.items()}
    amount_is: AmountIs | None = "order" if values.get("--amount-is") == "order" else None
    request = request_of(
        file, preset, layouts_of(preset, columns, amount_is, None), tz=values.get("--tz"),
        currency=values.get("--currency"), max_bad="100%",
    )  # fmt: skip
    request = replace(
        request, encoding=values.get("--encoding"), delimiter=delimiter_of(values.get("--delimiter")), limit=LOOK_ROWS
    )
    if not seen.tables[0].named:
        request = replace(request, header=False)
    try:
        with TemporaryDirectory(prefix="tend-look-") as folder:
            made = import_orders(request, Path(folder) / "look.jsonl")
    except TendError as problem:
        return None, str(problem)
    return made, made.refused


def _pairs(options: Sequence[str]) -> dict[str, str]:
    found = [one for one in options if one != "--no-header"]
    return dict(zip(found[::2], found[1::2], strict=True))
