"""Stage 4 goes on: a row's cells as facts of an order and one line of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from agents.imports.amounts import MICRO, currency_code
from agents.imports.cells import bare, identity, is_nothing, is_yes, phone_number
from agents.imports.conventions import Conventions
from agents.imports.presets import TIMES, Layout
from agents.imports.problems import BadValue
from agents.imports.statuses import Meaning, plain_status
from agents.imports.table import TableRow
from schemas.identity import carried_reference

_LABEL: Final = 64
_EMPTY: Final = "is empty; where an order's amount stands on its first row alone, say --amount-is order"
_NAME: Final = 80
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_NEVER: Final = re.compile(r"(?!)")


class OrderLine(NamedTuple):
    """What a row says of itself. Amounts are in millionths, negative where they are taken off."""

    sku: str = ""
    pieces: int = 1
    amount: int | None = None
    """Of the line, where the order's amount is the sum of its lines."""
    price: int | None = None
    """Of the line as an article of the order, where that is told apart from the amount."""
    payment: int | None = None
    refunded: int = 0
    category: str = ""


class OrderRow(NamedTuple):
    """What a row means."""

    where: int
    """Its table and its number in one."""
    order: str
    """Empty where the file has no order numbers."""
    facts: dict[str, Any]
    """What it says of its order, by meaning; what is blank is not in it."""
    line: OrderLine
    problem: str = ""
    """Why the order cannot be taken; ``field: what was expected``."""


@dataclass(frozen=True)
class RowReading:
    """What all rows of an import are read with."""

    conventions: Conventions
    customer_of: Callable[[str], str]
    statuses: Mapping[str, Meaning]
    currency: str = ""
    country: str = ""
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    test_items: re.Pattern[str] = _NEVER
    no_items: re.Pattern[str] = _NEVER


class RowReader:
    """Reads the rows of one table.

    Args:
        header: of the table.
        layout: what its columns mean.
        reading: how cells are read.
        index: the table's place among those of the import.
    """

    def __init__(self, header: Sequence[str], layout: Layout, reading: RowReading, index: int) -> None:
        lower = [name.lower() for name in header]
        self._places = {
            meaning: [lower.index(name.lower()) for name in names] for meaning, names in layout.columns.items()
        }
        self._layout, self._reading, self._base = layout, reading, index << 40
        self._order_places = self._places.get("order", [])
        self._facts = [
            (meaning, places, read) for meaning, places in self._places.items() if (read := self._fact(meaning))
        ]
        self._customer_of = lru_cache(maxsize=65_536)(reading.customer_of)

    def read(self, row: TableRow) -> OrderRow:
        """The row; if it cannot be read, its problem, under its order's number where that can be read."""
        order = ""
        try:
            order = self._order(row.cells)
            if row.problem is not None:
                raise row.problem
            facts = {}
            for meaning, places, read in self._facts:
                for place in places:
                    if not is_nothing(text := bare(row.cells[place])) and (value := read(meaning, text)) is not None:
                        facts[meaning] = value
                        break
            return OrderRow(self._base | row.number, order, facts, self._line(row.cells, facts))
        except BadValue as problem:
            return OrderRow(self._base | row.number, order, {}, OrderLine(), str(row.problem or problem))

    def _order(self, cells: Sequence[str]) -> str:
        if not self._order_places:
            return ""
        parts = [identity("order", bare(cells[place])) for place in self._order_places if place < len(cells)]
        filled = [part for part in parts if not is_nothing(part)]
        text = "/".join(filled if self._layout.joined else filled[:1])
        try:
            return carried_reference(text)
        except ValueError as problem:
            raise BadValue("order", str(problem)) from None

    def _fact(self, meaning: str) -> Callable[[str, str], Any] | None:
        """How a cell that says something of the order is read; None where it says something of the row."""
        if meaning in TIMES:
            return self._reading.conventions.dates[meaning].read
        if meaning == "refunded" or (meaning == "amount" and self._layout.amount_is == "order"):
            return self._micros
        known: dict[str, Callable[[str, str], Any]] = {
            "customer": self._customer,
            "currency": currency_code,
            "status": lambda _, text: self._reading.statuses[plain_status(text)],
            "test": lambda field, text: is_yes(field, text) or None,
            "consent": is_yes,
            "email": lambda _, text: text if _EMAIL.fullmatch(text) and len(text) <= 254 else None,
            "phone": lambda _, text: text,
            "country": lambda _, text: text if len(text) == 2 else None,
            "name": lambda _, text: text[:_NAME],
            "first_name": lambda _, text: text[:_NAME],
            "coupon": lambda _, text: text,
        }
        return known.get(meaning)

    def _customer(self, field: str, text: str) -> str | None:
        if text == "0" and len(self._places["customer"]) > 1:
            # Shops write 0 for a guest; another column names them.
            return None
        text = identity(field, text)
        text = self._reading.lookups.get("customer", {}).get(text, text)
        try:
            return self._customer_of(text)
        except ValueError as problem:
            raise BadValue(field, str(problem)) from None

    def _micros(self, field: str, text: str) -> int:
        return self._reading.conventions.amounts[field].micros(field, text, self._reading.currency)

    def _cell(self, cells: Sequence[str], meaning: str) -> str:
        for place in self._places.get(meaning, ()):
            if not is_nothing(text := bare(cells[place])):
                return text
        return ""

    def _number(self, cells: Sequence[str], meaning: str) -> int | None:
        text = self._cell(cells, meaning)
        return self._micros(meaning, text) if text else None

    def _line(self, cells: Sequence[str], facts: dict[str, Any]) -> OrderLine:
        sku = self._cell(cells, "item") or self._cell(cells, "title")
        pieces = self._number(cells, "quantity")
        amount = None if self._layout.amount_is == "order" else self._own_amount(cells, pieces)
        if self._reading.test_items.fullmatch(sku):
            facts["test"] = True
        if self._reading.no_items.fullmatch(sku):
            sku = ""
        category = self._cell(cells, "category")
        category = self._reading.lookups.get("category", {}).get(category, category)
        whole = 1 if pieces is None else max(1, round(abs(pieces) / MICRO))
        sku, category = _text("item", identity("item", sku)[:_LABEL]), _text("category", category[:_LABEL])
        price, payment = self._price(cells, pieces), self._number(cells, "payment")
        return OrderLine(sku, whole, amount, price, payment, self._number(cells, "item_refunded") or 0, category)

    def _own_amount(self, cells: Sequence[str], pieces: int | None) -> int | None:
        amount = self._number(cells, "amount")
        if amount is None:
            if "amount" in self._places:
                raise BadValue("amount", _EMPTY)
            # Tables of articles beside one of payments: the price and the postage stand for it.
            parts = [self._number(cells, name) for name in ("price", "shipping")]
            known = [part for part in parts if part is not None]
            return sum(known) if known else None
        if self._layout.amount_is == "line" or pieces is None:
            return amount
        # A discount is told by negative pieces, a negative price, or both.
        negative = amount < 0 or pieces < 0
        product = abs(amount) * abs(pieces) // MICRO
        return -product if negative else product

    def _price(self, cells: Sequence[str], pieces: int | None) -> int | None:
        price = self._number(cells, "price")
        if price is None:
            return None
        price += self._number(cells, "price_tax") or 0
        return price if self._layout.price_is == "line" or pieces is None else price * abs(pieces) // MICRO


def contact_of_row(facts: dict[str, Any], country: str) -> dict[str, str]:
    """What the facts of an order tell of the customer, as an event's fields."""
    found: dict[str, str] = {}
    if email := facts.get("email"):
        found["email"] = email.lower()
    if number := phone_number(facts.get("phone", ""), facts.get("country", country)):
        found["phone"] = number
    if name := " ".join(part for part in (facts.get("first_name", ""), facts.get("name", "")) if part)[:_NAME].strip():
        found["name"] = name
    return found


def _text(field: str, text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValue(field, "holds bytes that are no text in the file's encoding (--encoding)") from None
    if "\ufffd" in text:
        raise BadValue(field, "holds bytes that are no text in the file's encoding (--encoding)")
    return text
