"""``tend import customers``, ``consent`` and ``complaints``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from agents.commands.import_options import (
    Columns,
    DateFormatOption,
    DelimiterOption,
    EncodingOption,
    FileArgument,
    JsonOption,
    MaxBadOption,
    OutOption,
    SinceOption,
    TzOption,
    day_of,
    default_out,
    delimiter_of,
    request_of,
)
from agents.commands.import_reports import tell
from agents.imports import people
from agents.imports.presets import CUSTOMERS, Layout
from agents.imports.request import Request
from schemas.channels import TO_CUSTOMERS
from schemas.errors import TendError

_CHANNELS = ", ".join(TO_CUSTOMERS)


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


def consent(
    file: FileArgument,
    customer: Annotated[list[str], typer.Option(help="Column of the customer's id.")],
    channel: Annotated[str, typer.Option(help=f"Column of the channel, or one of {_CHANNELS}.")] = "email",
    value: Annotated[str | None, typer.Option(help="Column of yes or no; else every row is a yes.")] = None,
    purpose: Annotated[Literal["marketing", "service"], typer.Option(help="What the consent is for.")] = "marketing",
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
    fixed = channel if channel in TO_CUSTOMERS else ""
    layout = people_layout({"customer": customer, "channel": None if fixed else channel, "value": value, "time": time})
    request = people_request(file, layout, tz, date_format, since, max_bad, delimiter, encoding)
    _import_people(request, people.consents(fixed, purpose), as_of, "import:consent", out, as_json)


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
    return replace(request, delimiter=delimiter_of(delimiter), encoding=encoding)


def _import_people(
    request: Request, make: people.Maker, as_of: str | None, source: str, out: Path | None, as_json: bool
) -> None:
    day = day_of(as_of, "--as-of") if as_of else None
    tell(people.import_people(request, out or default_out(request.path), make, day, source), as_json)
