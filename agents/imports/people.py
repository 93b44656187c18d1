"""Customers, consents and complaints: files in which each row stands for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from agents.imports.cells import bare, identity, is_nothing, is_yes, phone_number
from agents.imports.conventions import Conventions, prove
from agents.imports.events import Told, admitted, event_id, in_time_order
from agents.imports.imported import Imported, judged, time_of
from agents.imports.opening import OnBytes
from agents.imports.output import IdMap, written_whole
from agents.imports.presets import Layout
from agents.imports.problems import BadValue, RejectedRows
from agents.imports.request import Request, tables_of
from agents.imports.table import Table, TableRow
from schemas.channels import TO_CUSTOMERS
from schemas.errors import TendError
from schemas.fields import ComplaintCategory
from schemas.identity import carried_reference
from schemas.times import Millis, to_datetime

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_TEXT, _NAME, _LABEL = 2_000, 80, 64
_MOST_TAGS: Final = 20
_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "counterfeit": ("counterfeit", "fake", "fälschung", "假货", "盗版"),
    "delivery": ("deliver", "shipping", "parcel", "liefer", "versand", "物流", "late", "lost"),
    "product": ("product", "quality", "damag", "defect", "wrong item", "produkt", "质量", "商品"),
    "payment": ("payment", "refund", "charge", "invoice", "zahlung", "退款", "支付"),
    "account": ("account", "login", "password", "konto", "账号"),
    "privacy": ("privacy", "gdpr", "data protection", "datenschutz", "隐私"),
    "safety": ("safety", "injur", "danger", "sicherheit", "安全"),
    "service": ("service", "support", "staff", "客服", "态度"),
}
"""Words of the subjects that help desks use, by the contract's categories."""


class Cells:
    """A row's cells by what they mean."""

    def __init__(self, table: Table, columns: dict[str, tuple[str, ...]], conventions: Conventions) -> None:
        lower = [name.lower() for name in table.header]
        self._places = {meaning: [lower.index(name.lower()) for name in names] for meaning, names in columns.items()}
        self._conventions = conventions
        self._row: Sequence[str] = ()

    def of(self, row: TableRow) -> Cells:
        """The cells of this row from now on."""
        self._row = row.cells
        return self

    def text(self, meaning: str) -> str:
        """The first filled cell of a meaning; empty where there is none."""
        for place in self._places.get(meaning, ()):
            if not is_nothing(text := bare(self._row[place])):
                return text
        return ""

    def time(self, meaning: str) -> Millis | None:
        """The moment of a cell; None where it is empty.

        Raises:
            BadValue: it is none.
        """
        text = self.text(meaning)
        return self._conventions.dates[meaning].read(meaning, text) if text else None


Maker = Callable[[Cells, str, Millis], Iterator[Told]]
"""What a row tells: from its cells, its customer, and the moment to take where it names none."""


def import_people(
    request: Request, out: Path, make: Maker, as_of: Millis | None, source: str, on_bytes: OnBytes = lambda at: None
) -> Imported:
    """Write what each row of a table tells of a customer as events, in the order of time, to ``out``.

    Args:
        request: what was asked for.
        out: the result.
        make: what a row tells.
        as_of: the moment of rows that name none.
        source: the door, for the events.
        on_bytes: told how far the file was read.

    Raises:
        TendError: the file, a column, or dates as a whole cannot be understood.
    """
    request.require_other(out)
    parts, remarks = tables_of(request)
    if as_of is None:
        _require_moments(parts)
    with (
        RejectedRows(out.with_name(out.name + ".left-out.txt")) as left_out,
        IdMap(out.with_name(out.name + ".ids.csv")) as ids,
    ):
        found = Imported(out, left_out, ids, remarks=remarks)
        conventions = prove(parts, request.told, on_bytes)

        def told() -> Iterator[Told]:
            for table, layout in parts:
                cells = Cells(table, dict(layout.columns), conventions)
                for row in table.rows(on_bytes):
                    found.rows += 1
                    yield from _of_row(row, cells, request, make, as_of or 0, found)

        with judged(found), written_whole(out) as file:
            for event in admitted(in_time_order(told()), source, request.keys, found.events):
                file.write(event)
                found.first, found.last = found.first or time_of(event), time_of(event)
            found.judge(request.max_bad, found.events.total(), "event")
        ids.write()
        return found


def _require_moments(parts: Sequence[tuple[Table, Layout]]) -> None:
    if not all("time" in layout.columns for _, layout in parts):
        raise TendError(
            "The file does not say since when this is so: say it with --as-of DAY. A day before the first order, such "
            "as --as-of 2024-01-01, lets rules reach these customers from the start."
        )


def _of_row(
    row: TableRow, cells: Cells, request: Request, make: Maker, as_of: Millis, found: Imported
) -> Iterator[Told]:
    try:
        if row.problem is not None:
            raise row.problem
        given = identity("customer", cells.of(row).text("customer"))
        if not given:
            found.left_out.leave(f"line {row.number}", "no customer is named")
            return
        try:
            customer = request.keys.customer_of(given)
        except ValueError as problem:
            raise BadValue("customer", str(problem)) from None
        found.ids.note(given, customer)
        told = list(make(cells, customer, as_of))
    except BadValue as problem:
        found.left_out.add(f"line {row.number}", problem)
        return
    for one in told:
        found.dropped.update(one.pop("dropped", ()))
        yield one


def customers(country: str, zone_of_births: Any) -> Maker:
    """Rows of customers: their details, when they registered, and what they allow.

    A detail that cannot be understood is left out and counted; the customer is taken without it.

    Args:
        country: of phone numbers that carry no country's code.
        zone_of_births: the zone in which the file's days are meant.
    """

    def make(cells: Cells, customer: str, as_of: Millis) -> Iterator[Told]:
        registered = cells.time("time")
        at = as_of if registered is None else registered
        details = _details(cells, country, zone_of_births)
        kind = "customer.updated" if registered is None else "customer.registered"
        if details or registered is not None:
            yield {"id": event_id(kind, customer, str(at)), "type": kind, "time": at, "customer": customer} | details
        for channel in TO_CUSTOMERS:
            if text := cells.text(f"consent_{channel}"):
                yield _consent(customer, at, channel, "marketing", is_yes(f"consent_{channel}", text))

    return make


def _details(cells: Cells, country: str, zone: Any) -> dict[str, Any]:
    email, locale = cells.text("email").lower(), cells.text("locale").replace("_", "-")
    phone, tags = cells.text("phone"), cells.text("tags")
    number = phone_number(phone, cells.text("country")[:2] or country)
    name = " ".join(part for part in (cells.text("first_name"), cells.text("name")) if part)[:_NAME].strip()
    found: dict[str, Any] = {
        "email": email if _EMAIL.fullmatch(email) else "",
        "phone": number,
        "name": name,
        "locale": locale if _LOCALE.fullmatch(locale) else "",
        "region": cells.text("region")[:_LABEL],
        "birthday": _birthday(cells, zone),
        "tags": [tag[:_LABEL] for part in re.split(r"[,;]", tags) if (tag := part.strip())][:_MOST_TAGS],
    }
    given = {"email": email, "phone": phone, "locale": locale, "birthday": cells.text("birthday")}
    dropped = [name for name, text in given.items() if text and not found[name]]
    return {name: value for name, value in found.items() if value} | ({"dropped": dropped} if dropped else {})


def _birthday(cells: Cells, zone: Any) -> str:
    try:
        moment = cells.time("birthday")
    except BadValue:
        return ""
    return "" if moment is None else to_datetime(moment).astimezone(zone).date().isoformat()


def consents(channel: str, purpose: str) -> Maker:
    """Rows of consents: each a channel, yes or no, and when.

    Args:
        channel: where no column names it.
        purpose: where no column names it.
    """

    def make(cells: Cells, customer: str, as_of: Millis) -> Iterator[Told]:
        at = cells.time("time")
        name = (cells.text("channel") or channel).lower().replace("e-mail", "email")
        if name not in TO_CUSTOMERS:
            raise BadValue("channel", f"{name!r} is none of {', '.join(TO_CUSTOMERS)}")
        given = cells.text("value")
        yes = is_yes("value", given) if given else True
        yield _consent(customer, as_of if at is None else at, name, cells.text("purpose") or purpose, yes)

    return make


def _consent(customer: str, at: Millis, channel: str, purpose: str, yes: bool) -> Told:
    kind = "consent.granted" if yes else "consent.withdrawn"
    told: Told = {"type": kind, "time": at, "customer": customer, "channel": channel, "purpose": purpose}
    return told | {"id": event_id(kind, customer, channel, purpose, str(at))}


def complaints() -> Maker:
    """Rows of complaints: opened, and resolved where the row says when."""

    def make(cells: Cells, customer: str, as_of: Millis) -> Iterator[Told]:
        opened = cells.time("time")
        if opened is None:
            raise BadValue("time", "is empty")
        number = carried_reference(
            identity("complaint", cells.text("complaint")) or event_id(customer, str(opened))[:32]
        )
        told: Told = {
            "id": event_id("complaint.opened", number), "type": "complaint.opened", "time": opened,
            "customer": customer, "complaint_id": number, "category": category_of(cells.text("category")),
            "text": cells.text("text")[:_TEXT],
        }  # fmt: skip
        if order := identity("order", cells.text("order")):
            told["order_id"] = carried_reference(order)
        yield told
        if (resolved := cells.time("resolved_at")) is not None:
            kind = "complaint.resolved"
            done: Told = {"id": event_id(kind, number), "type": kind, "time": max(opened, resolved)}
            yield done | {"customer": customer, "complaint_id": number}

    return make


def category_of(subject: str) -> str:
    """The contract's category of a help desk's subject; ``other`` where no word of it is known."""
    plain = subject.casefold().strip()
    if plain in get_args(ComplaintCategory):
        return plain
    return next((name for name, words in _CATEGORIES.items() if any(word in plain for word in words)), "other")


def layout_of_guess(guessed: Mapping[str, str]) -> Layout:
    """What the columns of a customers' file mean, as far as they were guessed."""
    columns = {name: (guessed[name],) for name in ("customer", "time", "email", "phone", "name") if name in guessed}
    return Layout(columns, ("customer",))
