"""``tend import``: histories of other systems into files of events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from agents.imports.amounts import currency_code
from agents.imports.history import Imported, Request, import_orders
from agents.imports.problems import BadValue
from schemas.errors import TendError

app = typer.Typer(no_args_is_help=True, help="Turn histories of other systems into files of events.")


@app.callback()
def histories() -> None:
    """Turn histories of other systems into files of events."""


@app.command()
def orders(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names its columns.")],
    customer: Annotated[str, typer.Option(help="Column of the customer's id.")],
    time: Annotated[str, typer.Option(help="Column of the moment of the order.")],
    amount: Annotated[str, typer.Option(help="Column of the amount.")],
    order: Annotated[str | None, typer.Option(help="Column of the order number; else each line is an order.")] = None,
    item: Annotated[str | None, typer.Option(help="Column of the article.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of the number of pieces.")] = None,
    category: Annotated[str | None, typer.Option(help="Column of the article's category.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code of all amounts, such as EUR.")] = None,
    currency_column: Annotated[str | None, typer.Option(help="Column of that code, where amounts differ.")] = None,
    amount_is: Annotated[
        Literal["line", "unit", "order"],
        typer.Option(help="What the amount is of: the line, one piece, or the whole order (repeated on its lines)."),
    ] = "line",
    tz: Annotated[str, typer.Option(help="IANA zone of times without an offset; dates alone are noon there.")] = "UTC",
    date_format: Annotated[str | None, typer.Option(help="As of strptime, such as '%d.%m.%Y %H:%M'.")] = None,
    decimal: Annotated[str, typer.Option(help="Decimal sign, '.' or ','.")] = ".",
    delimiter: Annotated[str | None, typer.Option(help="Between fields; , ; tab and | are found out.")] = None,
    encoding: Annotated[str, typer.Option(help="Of the file.")] = "utf-8-sig",
    out: Annotated[Path | None, typer.Option(help="Result; packed if it ends in .gz. FILE.events.jsonl.gz")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Turn an order history into a file for `tend replay --events`.

    Lines of one order become one order, wherever they stand. Lines that cannot be understood are left out and listed.
    Ids of customers and orders that events cannot carry (longer than 64 characters, spaces, accents) become `x-` and a
    hash, the same each time.

    Examples:

      tend import orders sales.csv --customer client --time date --amount total --currency EUR --decimal ,

      tend import orders lines.csv --customer cust --time at --amount price --amount-is unit --quantity n --order no
      --item sku --currency-column cur --tz Europe/Berlin
    """
    named = {
        "customer": customer, "time": time, "amount": amount, "order": order, "item": item, "quantity": quantity,
        "category": category, "currency": currency_column,
    }  # fmt: skip
    columns = {option: column for option, column in named.items() if column is not None}
    _consistent(columns, currency, amount_is)
    request = Request(
        path=file, columns=columns, zone=_zone(tz), currency=_currency(currency), date_format=date_format,
        decimal=decimal, delimiter=_delimiter(delimiter), encoding=encoding, amount_is=amount_is,
    )  # fmt: skip
    target = out or file.with_name(f"{file.stem}.events.jsonl.gz")
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"reading {file.name}", total=file.stat().st_size if file.is_file() else None)
        found = import_orders(request, target, lambda at: bar.update(task, completed=at))
    _tell(found, target, tz, console, as_json)


def _consistent(columns: dict[str, str], currency: str | None, amount_is: str) -> None:
    if (currency is None) == ("currency" not in columns):
        raise TendError("Say in which currency the amounts are: either --currency EUR or --currency-column COL.")
    if amount_is == "unit" and "quantity" not in columns:
        raise TendError("--amount-is unit multiplies by the number of pieces: say its column with --quantity COL.")
    if amount_is == "order" and "order" not in columns:
        raise TendError("--amount-is order needs the order numbers: say their column with --order COL.")
    if "category" in columns and "item" not in columns:
        raise TendError("--category is that of the article: say the article's column with --item COL.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise TendError(f"--tz {name}: there is no such zone. Expected an IANA name such as Europe/Berlin.") from None


def _currency(code: str | None) -> str:
    try:
        return currency_code("--currency", code) if code else ""
    except BadValue as problem:
        raise TendError(f"{problem}.") from None


def _delimiter(text: str | None) -> str | None:
    sign = {"tab": "\t", "\\t": "\t"}.get(text, text) if text else None
    if sign is not None and len(sign) != 1:
        raise TendError(f"--delimiter {text!r}: expected one character, or `tab`.")
    return sign


def _tell(found: Imported, target: Path, tz: str, console: Console, as_json: bool) -> None:
    left_out = found.left_out
    for problem in left_out.first:
        console.print(problem, highlight=False, markup=False, soft_wrap=True)
    if left_out.count:
        kinds = ", ".join(f"{field} {count:,}" for field, count in left_out.fields.most_common())
        console.print(
            f"{left_out.count:,} lines or orders left out ({kinds}): {left_out.path}", highlight=False, soft_wrap=True
        )
    if as_json:
        summary = {
            "rows": found.rows, "orders": found.orders, "left_out": left_out.count, "from": found.first,
            "to": found.last, "out": str(target),
        }  # fmt: skip
        typer.echo(orjson.dumps(summary).decode())
    else:
        span = f" from {found.first[:10]} to {found.last[:10]}" if found.orders else ""
        typer.echo(f"{found.rows:,} rows: {found.orders:,} orders{span} (times without offset in {tz}) in {target}")
    if not found.orders:
        raise TendError("No order was understood; nothing can be replayed. Check the options against the lines above.")
