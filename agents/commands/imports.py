"""``tend import``: what shops export, into files of events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from agents.access import access_keys
from agents.commands.telling_imports import LOOK_ROWS, Seen, look_json, tell, tell_look
from agents.imports import people
from agents.imports.amounts import Sign, currency_code
from agents.imports.conventions import Told
from agents.imports.history import Imported, Request, import_orders
from agents.imports.look import Look, look_at
from agents.imports.presets import CUSTOMERS, PRESETS, AmountIs, Layout, Preset
from agents.imports.problems import BadValue
from agents.imports.statuses import STATUSES, told_statuses
from infra.settings import load_settings
from schemas.errors import TendError
from schemas.times import DAY, to_millis

app = typer.Typer(no_args_is_help=True, help="Turn what shops export into files of events.")

PresetName = Literal["shopify", "woocommerce", "magento", "online-retail", "olist", "cdnow", "taobao"]
Columns = list[str] | None

FileArgument = Annotated[Path, typer.Argument(help="A CSV, JSON or spreadsheet file, packed or not; a zip; a folder.")]
PresetOption = Annotated[PresetName | None, typer.Option(help="A known export, in place of the columns.")]
TzOption = Annotated[str | None, typer.Option(help="IANA zone of times without an offset; UTC if not told.")]
EncodingOption = Annotated[str | None, typer.Option(help="Of the file, where it is not found out: cp1250, gb18030 …")]
DelimiterOption = Annotated[str | None, typer.Option(help="Between fields; , ; tab | and blanks are found out.")]
HeaderOption = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether the file names its columns; else they are 1, 2, 3 …"),
]
CurrencyOption = Annotated[str | None, typer.Option(help="ISO 4217 code of amounts that name none, such as EUR.")]
DateFormatOption = Annotated[str | None, typer.Option(help="As of strptime, such as '%d.%m.%Y %H:%M'.")]
SinceOption = Annotated[str | None, typer.Option(help="The earliest day that is taken: 1997-01-01.")]
MaxBadOption = Annotated[str, typer.Option(help="Share of rows that may be unreadable.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Result; packed if it ends in .gz. FILE.events.jsonl.gz", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


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
    request = replace(request, encoding=encoding, delimiter=_delimiter(delimiter) or request.delimiter)
    if header is not None:
        request = replace(request, header=header)
    _consistent(request)
    target = out or default_out(file)
    found = _imported(request, target)
    tell(found, as_json)


@app.command()
def customers(
    file: FileArgument,
    preset: Annotated[
        Literal["shopify", "woocommerce", "magento"] | None, typer.Option(help="A known export, in place of columns.")
    ] = None,
    customer: Annotated[Columns, typer.Option(help="Column of the customer's id, as orders name them.")] = None,
    registered: Annotated[str | None, typer.Option(help="Column of the moment of registration.")] = None,
    email: Annotated[str | None, typer.Option(help="Column of the e-mail address.")] = None,
    phone: Annotated[Columns, typer.Option(help="Column of the phone number.")] = None,
    name: Annotated[str | None, typer.Option(help="Column of the name.")] = None,
    birthday: Annotated[str | None, typer.Option(help="Column of the birthday.")] = None,
    locale: Annotated[str | None, typer.Option(help="Column of the language, such as de or pt-BR.")] = None,
    region: Annotated[str | None, typer.Option(help="Column of the region.")] = None,
    tags: Annotated[str | None, typer.Option(help="Column of tags.")] = None,
    consent_email: Annotated[str | None, typer.Option(help="Column that allows marketing by e-mail.")] = None,
    consent_sms: Annotated[str | None, typer.Option(help="Column that allows marketing by text message.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO code of the country of phone numbers: DE.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day of rows that name none: 2026-11-01.")] = None,
    tz: TzOption = None,
    date_format: DateFormatOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    since: SinceOption = None,
    max_bad: MaxBadOption = "1%",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a file of customers into events: who they are, how to reach them, what they allow.

    Without a moment of registration it is a change of details on the day of --as-of. A day before the first order lets
    rules reach them from the start.

    Example: tend import customers customers_export.csv --preset shopify --as-of 2024-01-01
    """
    told = {
        "customer": customer, "time": registered, "email": email, "phone": phone, "name": name, "birthday": birthday,
        "locale": locale, "region": region, "tags": tags, "consent_email": consent_email, "consent_sms": consent_sms,
    }  # fmt: skip
    layout = people_layout(told, CUSTOMERS.get(preset or ""))
    request = people_request(file, layout, tz, date_format, since, max_bad, delimiter, encoding)
    make = people.customers(country or "", request.told.zone)
    _import_people(request, make, as_of, "import:customers", out, as_json)


@app.command()
def consent(
    file: FileArgument,
    customer: Annotated[list[str], typer.Option(help="Column of the customer's id.")],
    channel: Annotated[str, typer.Option(help="Column of the channel, or one of email, sms, push, call.")] = "email",
    value: Annotated[str | None, typer.Option(help="Column of yes or no; else every row is a yes.")] = None,
    purpose: Annotated[Literal["marketing", "service"], typer.Option(help="What for.")] = "marketing",
    time: Annotated[str | None, typer.Option(help="Column of the moment.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day of rows that name none: 2026-11-01.")] = None,
    tz: TzOption = None,
    date_format: DateFormatOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    since: SinceOption = None,
    max_bad: MaxBadOption = "1%",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a list of consents, such as a newsletter's subscribers, into events.

    Example: tend import consent subscribers.csv --customer Email --value Subscribed --as-of 2024-01-01
    """
    fixed = channel if channel in people.CHANNELS else ""
    layout = people_layout({"customer": customer, "channel": None if fixed else channel, "value": value, "time": time})
    request = people_request(file, layout, tz, date_format, since, max_bad, delimiter, encoding)
    _import_people(request, people.consents(fixed, purpose), as_of, "import:consent", out, as_json)


@app.command()
def complaints(
    file: FileArgument,
    customer: Annotated[list[str], typer.Option(help="Column of the customer's id.")],
    time: Annotated[str, typer.Option(help="Column of the moment of the complaint.")],
    complaint: Annotated[str | None, typer.Option(help="Column of the ticket's number.")] = None,
    category: Annotated[str | None, typer.Option(help="Column of the subject.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of what was said.")] = None,
    order: Annotated[str | None, typer.Option(help="Column of the order's number.")] = None,
    resolved_at: Annotated[str | None, typer.Option(help="Column of the moment it was settled.")] = None,
    tz: TzOption = None,
    date_format: DateFormatOption = None,
    delimiter: DelimiterOption = None,
    encoding: EncodingOption = None,
    since: SinceOption = None,
    max_bad: MaxBadOption = "1%",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a help desk's tickets into complaints, opened and resolved.

    Example: tend import complaints tickets.csv --customer requester --time created --complaint id --category subject
    """
    layout = people_layout({
        "customer": customer, "time": time, "complaint": complaint, "category": category, "text": text,
        "order": order, "resolved_at": resolved_at,
    })  # fmt: skip
    request = people_request(file, layout, tz, date_format, since, max_bad, delimiter, encoding)
    _import_people(request, people.complaints(), None, "import:complaints", out, as_json)


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
    sign = _delimiter(delimiter)
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
        typer.echo(orjson.dumps(look_json(Seen(file, seen, options, made, refused, needs_currency))).decode())
    else:
        tell_look(Seen(file, seen, options, made, refused, needs_currency))


@app.command("id")
def id_of(given: Annotated[str, typer.Argument(help="What another system calls the customer.")]) -> None:
    """Say under which id a customer is kept, as every door makes it.

    Example: tend import id "Jane Doe"
    """
    try:
        typer.echo(access_keys(load_settings()).customer_of(given))
    except ValueError as problem:
        raise TendError(f"The id {problem}.") from None


def people_layout(told: Mapping[str, str | list[str] | None], known: Layout | None = None) -> Layout:
    """What the columns of a file about people mean.

    Raises:
        TendError: nothing says who they are.
    """
    columns = {
        meaning: (one,) if isinstance(one, str) else tuple(one) for meaning, one in told.items() if one is not None
    }
    if known is not None:
        return replace(known, columns={**known.columns, **columns})
    if "customer" not in columns:
        raise TendError("--customer COL is missing, or a --preset. `tend import look FILE` shows the columns.")
    return Layout(columns, tuple(columns))


def people_request(
    file: Path, layout: Layout, tz: str | None, date_format: str | None, since: str | None, max_bad: str,
    delimiter: str | None, encoding: str | None,
) -> Request:  # fmt: skip
    """A request for an import of people."""
    request = request_of(file, None, (layout,), tz=tz, date_format=date_format, since=since, max_bad=max_bad)
    return replace(request, delimiter=_delimiter(delimiter), encoding=encoding)


def _import_people(
    request: Request, make: people.Maker, as_of: str | None, source: str, out: Path | None, as_json: bool
) -> None:
    day = _day(as_of, "--as-of") if as_of else None
    tell(people.import_people(request, out or default_out(request.path), make, day, source), as_json)


def default_out(file: Path) -> Path:
    """Where the events of a file go if nothing else is said."""
    return file.with_name(f"{file.name.partition('.')[0] or file.name}.events.jsonl.gz")


def layouts_of(
    preset: Preset | None, columns: Mapping[str, tuple[str, ...]], amount_is: AmountIs | None, price_is: Any
) -> tuple[Layout, ...]:
    """What columns mean: as a preset says, as was told, or both, where what was told counts."""
    if preset is None:
        for meaning in ("customer", "time", "amount"):
            if meaning not in columns:
                raise TendError(
                    f"--{meaning} COL is missing, or a --preset ({', '.join(PRESETS)}). `tend import look FILE` "
                    "shows the columns and what they probably mean."
                )
        joined = len(columns.get("order", ())) > 1
        return (Layout(columns, tuple(columns), amount_is or "line", price_is or "unit", joined),)
    return tuple(
        one
        if one.looks_up
        else replace(
            one,
            columns={**one.columns, **columns},
            amount_is=amount_is or one.amount_is,
            price_is=price_is or one.price_is,
            joined=len(columns.get("order", ())) > 1,
        )
        for one in preset.layouts
    )


def request_of(
    file: Path,
    preset: Preset | None,
    layouts: tuple[Layout, ...],
    *,
    tz: str | None = None,
    currency: str | None = None,
    country: str | None = None,
    statuses: list[str] | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    since: str | None = None,
    max_bad: str = "1%",
) -> Request:
    """A request for an import, from what the command line says and what a preset knows.

    Raises:
        TendError: an option is not understood.
    """
    settings = load_settings()
    now = to_millis(datetime.now(UTC))
    known = preset or Preset("", ())
    oldest = min(now - settings.oldest, _day(known.since) if known.since else now)
    told = Told(
        zone=_zone(tz or known.zone or "UTC"),
        date_format=date_format,
        decimal=_decimal(decimal),
        since=_day(since) if since else oldest,
        # A zone that is not yet told may put the last hours of a file ahead of the clock.
        until=now + DAY,
        statuses={**STATUSES, **known.statuses, **told_statuses(statuses or [])},
    )
    return Request(
        path=file, layouts=layouts, told=told, keys=access_keys(settings),
        currency=_currency(currency) or known.currency, country=country or known.country,
        delimiter=known.delimiter, header=known.header, max_bad=_share(max_bad),
        test_items=re.compile(known.test_items or "(?!)"), no_items=re.compile(known.no_items or "(?!)"),
    )  # fmt: skip


def _consistent(request: Request) -> None:
    orders_of = [layout for layout in request.layouts if not layout.looks_up]
    columns = {meaning for layout in orders_of for meaning in layout.columns}
    if not request.currency and "currency" not in columns:
        raise TendError("Say in which currency the amounts are: --currency EUR, or --currency-column COL.")
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
        request, encoding=values.get("--encoding"), delimiter=_delimiter(values.get("--delimiter")), limit=LOOK_ROWS
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


def _decimal(sign: str | None) -> Sign | None:
    if sign not in (None, ".", ","):
        raise TendError(f"--decimal {sign!r}: expected '.' (1,234.50) or ',' (1.234,50).")
    return sign  # type: ignore[return-value]  # one of both, or none


def _delimiter(text: str | None) -> str | None:
    sign = {"tab": "\t", "\\t": "\t"}.get(text, text) if text else None
    if sign is not None and len(sign) != 1 and sign != "blanks":
        raise TendError(f"--delimiter {text!r}: expected one character, `tab` or `blanks`.")
    return sign


def _share(text: str) -> float:
    try:
        found = float(text.rstrip("% ")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise TendError(f"--max-bad {text!r}: expected a share such as 1% or 0.01.")
    return found


def _day(text: str, option: str = "--since") -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TendError(f"{option} {text!r}: expected a day such as 1997-01-01.") from None
    return to_millis(found if found.tzinfo else found.replace(tzinfo=UTC) - timedelta(hours=14))
