"""A row of a table as a line of an order."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from agents.imports.amounts import Amounts, currency_code
from agents.imports.dates import Dates
from agents.imports.problems import BadValue
from schemas.ids import digest
from schemas.times import Millis

AmountIs = Literal["line", "unit", "order"]

_CUSTOMER: Final = re.compile(r"[A-Za-z0-9._:@+-]{1,64}")
_REFERENCE: Final = re.compile(r"[\x21-\x7e]{1,64}")
_LABEL: Final = 64
_MOST_PIECES: Final = 100_000


class OrderLine(NamedTuple):
    """One row, understood."""

    number: int
    time: Millis
    customer: str
    order: str
    """Empty where the file has no order numbers."""
    amount: int
    """Of the line, in minor units; of the whole order where the file repeats that on each line."""
    currency: str
    item: dict[str, Any] | None


class Reading(NamedTuple):
    """How the fields of a row are to be read; places are indexes, None where there is no such column."""

    dates: Dates
    amounts: Amounts
    currency: str
    """Of rows that carry none."""
    amount_is: AmountIs
    places: dict[str, int]
    """Option to place: customer, time and amount at least."""

    def line(self, number: int, row: list[str]) -> OrderLine:
        """A row as a line of an order.

        Raises:
            BadValue: a field is missing or cannot be understood.
        """
        customer = fitting(_CUSTOMER, "customer", row[self.places["customer"]])
        order = fitting(_REFERENCE, "order", row[self.places["order"]]) if "order" in self.places else ""
        currency = self._currency(row)
        pieces = self.amounts.number("quantity", row[self.places["quantity"]]) if "quantity" in self.places else _ONE
        times = pieces if self.amount_is == "unit" else _ONE
        amount = self.amounts.minor("amount", row[self.places["amount"]], currency, times)
        if pieces < 0:
            raise BadValue("quantity", f"{pieces} is negative: a return is no order")
        if amount < 0 and not order:
            raise BadValue("amount", f"{row[self.places['amount']]!r} is negative: a refund is no order")
        time = self.dates.read("time", row[self.places["time"]])
        return OrderLine(number, time, customer, order, amount, currency, self._item(row, pieces, amount))

    def _currency(self, row: list[str]) -> str:
        place = self.places.get("currency")
        return self.currency if place is None else currency_code("currency", row[place])

    def _item(self, row: list[str], pieces: Decimal, amount: int) -> dict[str, Any] | None:
        place = self.places.get("item")
        sku = "" if place is None else _label("item", row[place])
        if not sku or amount < 0:
            return None
        price = 0 if self.amount_is == "order" else amount
        item: dict[str, Any] = {"sku": sku, "quantity": min(max(1, round(pieces)), _MOST_PIECES), "price": price}
        if "category" in self.places and (category := _label("category", row[self.places["category"]])):
            item["category"] = category
        return item


_ONE: Final = Decimal(1)


def fitting(pattern: re.Pattern[str], field: str, text: str) -> str:
    """An id as the contract allows it; any other becomes ``x-`` and 32 hexadecimal digits of its BLAKE2b hash.

    Raises:
        BadValue: it is empty, or no text.
    """
    bare = text.strip()
    if pattern.fullmatch(bare):
        return bare
    if not bare:
        raise BadValue(field, "is empty")
    return "x-" + digest(_text(field, bare), size=16).hex()


def _label(field: str, text: str) -> str:
    return _text(field, text.strip()[:_LABEL])


def _text(field: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValue(field, f"{text!r} holds bytes that are no text in this encoding (--encoding)") from None
    return text
