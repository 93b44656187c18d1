"""Options that imports share, and what they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from agents.access import access_keys
from agents.imports.amounts import Sign, currency_code
from agents.imports.conventions import FileConventions
from agents.imports.presets import PRESETS, AmountIs, Layout, Preset
from agents.imports.problems import BadValue
from agents.imports.request import Request
from agents.imports.statuses import STATUSES, told_statuses
from infra.settings import load_settings
from schemas.errors import TendError
from schemas.times import DAY, to_millis

PresetName = Literal["shopify", "woocommerce", "magento", "online-retail", "olist", "cdnow", "taobao"]
Columns = list[str] | None

FileArgument = Annotated[Path, typer.Argument(help="A CSV, JSON or spreadsheet file, packed or not; a zip; a folder.")]
PresetOption = Annotated[PresetName | None, typer.Option(help="A known export, in place of the columns.")]
TzOption = Annotated[str | None, typer.Option(help="IANA zone of times without an offset; UTC by default.")]
EncodingOption = Annotated[str | None, typer.Option(help="Of the file, where it is not found out: cp1250, gb18030 …")]
DelimiterOption = Annotated[str | None, typer.Option(help="Between fields; , ; tab | and blanks are found out.")]
HeaderOption = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether the file names its columns; else they are 1, 2, 3 …"),
]
CurrencyOption = Annotated[str | None, typer.Option(help="ISO 4217 code of amounts that name none, such as EUR.")]
DateFormatOption = Annotated[str | None, typer.Option(help="As for strptime, such as '%d.%m.%Y %H:%M'.")]
SinceOption = Annotated[str | None, typer.Option(help="The earliest day to accept, such as 1997-01-01.")]
MaxBadOption = Annotated[str, typer.Option(help="Share of rows that may be unreadable.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Result; packed if it ends in .gz. FILE.events.jsonl.gz", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


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
    oldest = min(now - settings.oldest, day_of(known.since) if known.since else now)
    told = FileConventions(
        zone=zone_of(tz or known.zone or "UTC"),
        date_format=date_format,
        decimal=decimal_of(decimal),
        since=day_of(since) if since else oldest,
        # A zone that is not yet told may put the last hours of a file ahead of the clock.
        until=now + DAY,
        statuses={**STATUSES, **known.statuses, **told_statuses(statuses or [])},
    )
    return Request(
        path=file, layouts=layouts, told=told, keys=access_keys(settings),
        currency=currency_of(currency) or known.currency, country=country or known.country,
        delimiter=known.delimiter, header=known.header, max_bad=share_of(max_bad),
        test_items=re.compile(known.test_items or "(?!)"), no_items=re.compile(known.no_items or "(?!)"),
    )  # fmt: skip


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of a name.

    Raises:
        TendError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise TendError(f"--tz {name}: there is no such zone. Expected an IANA name such as Europe/Berlin.") from None


def currency_of(code: str | None) -> str:
    """The ISO 4217 code that was told; empty where none was.

    Raises:
        TendError: it is none.
    """
    try:
        return currency_code("--currency", code) if code else ""
    except BadValue as problem:
        raise TendError(f"{problem}.") from None


def decimal_of(sign: str | None) -> Sign | None:
    """The decimal sign that was told.

    Raises:
        TendError: it is another sign.
    """
    if sign not in (None, ".", ","):
        raise TendError(f"--decimal {sign!r}: expected '.' (1,234.50) or ',' (1.234,50).")
    return sign  # type: ignore[return-value]  # one of both, or none


def delimiter_of(text: str | None) -> str | None:
    """The delimiter that was told.

    Raises:
        TendError: it is no delimiter.
    """
    sign = {"tab": "\t", "\\t": "\t"}.get(text, text) if text else None
    if sign is not None and len(sign) != 1 and sign != "blanks":
        raise TendError(f"--delimiter {text!r}: expected one character, `tab` or `blanks`.")
    return sign


def share_of(text: str) -> float:
    """A share such as 1% or 0.01.

    Raises:
        TendError: it is none.
    """
    try:
        found = float(text.rstrip("% ")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise TendError(f"--max-bad {text!r}: expected a share such as 1% or 0.01.")
    return found


def day_of(text: str, option: str = "--since") -> int:
    """The first moment that is that day somewhere on earth.

    Raises:
        TendError: it is no day.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TendError(f"{option} {text!r}: expected a day such as 1997-01-01.") from None
    return to_millis(found if found.tzinfo else found.replace(tzinfo=UTC) - timedelta(hours=14))
