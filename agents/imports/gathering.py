"""Stage 5, orders: the rows of one order as one order, or the reason why it is none."""

from __future__ import annotations

from typing import Any, Final

from agents.imports.amounts import minor_units
from agents.imports.orders import ImportedOrder, LaterChange, Meant, UnreadableOrder
from agents.imports.problems import BadValue
from agents.imports.rows import OrderLine, OrderRow, contact_of_row
from schemas.times import DAY, HOUR, Millis

_MOST_ITEMS: Final = 200
_MOST_PIECES: Final = 100_000
_MOST_COUPONS: Final = 10
_ONE_VALUE: Final = {
    "customer": "names two customers; where numbers begin anew, each day or at each till, a second --order COL tells "
    "them apart",
    "currency": "names two currencies",
    "amount": "names two totals",
}
"""Facts that an order has one of; others may be told more than once, and the first counts."""
_TOGETHER: Final = DAY
"""Rows of one number that lie further apart are no order: numbers that begin anew each year, day or till."""
_LATER: Final = HOUR
"""A negative row so long after its order is a return, and before that a discount."""


class Gathering:
    """An order while its rows come in; bounded, however many there are."""

    def __init__(self, first: OrderRow, *, numbered: bool, whole: bool, currency: str, country: str) -> None:
        self.order, self._where = first.order, first.where
        self._numbered, self._whole = numbered, whole
        self._currency, self._country = currency, country
        self._rows = self._unread = 0
        self._facts: dict[str, Any] = {}
        self._times: tuple[Millis, Millis] | None = None
        self._lines = 0
        self._payments: int | None = None
        self._items: list[dict[str, Any]] = []
        self._back: dict[Millis, int] = {}
        """Negative rows by time, in millionths."""
        self._item_refunds = 0
        self._problem: tuple[int, BadValue] | None = None
        self.add(first)

    def add(self, row: OrderRow) -> None:
        """Add one more row of the order."""
        self._rows += 1
        if row.problem:
            self._unread += 1
            self._fail(row.where, *row.problem.split(": ", 1))
        elif row.facts.get("status") == "refund" or (self._whole and row.facts.get("amount", 0) < 0):
            self._give_back(row, abs(row.facts.get("amount", row.line.amount or row.line.price or 0)))
        elif not self._whole and (row.line.amount or 0) < 0:
            self._give_back(row, -(row.line.amount or 0))
        else:
            self._see(row.facts, row.where)
            if (time := row.facts.get("time")) is not None:
                first, last = self._times or (time, time)
                self._times = min(first, time), max(last, time)
            self._add_line(row.line)

    def _fail(self, where: int, field: str, problem: str) -> None:
        self._problem = self._problem or (where, BadValue(field, problem))

    def _see(self, facts: dict[str, Any], where: int) -> None:
        for meaning, value in facts.items():
            known = self._facts.setdefault(meaning, value)
            if known != value and meaning in _ONE_VALUE:
                self._fail(where, meaning, f"order {self.order} {_ONE_VALUE[meaning]}")

    def _give_back(self, row: OrderRow, micros: int) -> None:
        time = row.facts.get("time", self._times[0] if self._times else 0)
        self._back[time] = self._back.get(time, 0) + micros
        self._see({name: value for name, value in row.facts.items() if name in ("customer", "currency")}, row.where)
        if row.line.sku and len(self._items) < _MOST_ITEMS:
            self._items.append({"sku": row.line.sku, "back": micros})

    def _add_line(self, line: OrderLine) -> None:
        self._lines += line.amount or 0
        self._item_refunds += line.refunded
        if line.payment is not None:
            self._payments = (self._payments or 0) + line.payment
        if line.sku and len(self._items) < _MOST_ITEMS:
            price = line.price if line.price is not None else line.amount
            if price is None or price >= 0:
                item = {"sku": line.sku, "quantity": min(line.pieces, _MOST_PIECES), "price": price or 0}
                self._items.append(item | ({"category": line.category} if line.category else {}))

    def finish(self) -> ImportedOrder | Meant | UnreadableOrder:
        """The order made of its rows, or why there is none."""
        try:
            if self._problem:
                where, problem = self._problem
                return UnreadableOrder(where, self.order, self._rows - self._unread, problem, self._unread > 0)
            return self._meant() or self._made()
        except BadValue as problem:
            return UnreadableOrder(self._where, self.order, self._rows, problem)

    def _meant(self) -> Meant | None:
        status = self._facts.get("status")
        reason = ""
        if self._facts.get("test") or status == "test":
            reason = "a test order"
        elif status == "unpaid":
            reason = "never paid"
        elif "customer" not in self._facts:
            reason = "no customer is named (a guest without an id or address)"
        elif status == "cancelled" and not self._micros():
            reason = "cancelled before it was paid"
        return Meant(reason, self._where, self.order, self._rows) if reason else None

    def _micros(self) -> int:
        if self._whole:
            return int(self._facts.get("amount", 0))
        return self._lines if self._payments is None else self._payments

    def _made(self) -> ImportedOrder:
        currency = self._facts.get("currency") or self._currency
        if not currency:
            raise BadValue("currency", "is empty in every row of the order")
        if self._times is None:
            if not self._back:
                raise BadValue("time", "is empty in every row of the order")
            return self._credit(currency)
        first, last = self._times
        if last - first > _TOGETHER:
            days = (last - first) // DAY
            raise BadValue(
                "order",
                f"the number {self.order} stands on rows that lie {days} days apart, so it begins anew; name a further "
                "column that tells them apart with a second --order",
            )
        if self._whole and "amount" not in self._facts:
            raise BadValue("amount", "is empty in every row of the order")
        micros = self._micros() - sum(
            back for time, back in self._back.items() if not self._whole and time - first < _LATER
        )
        if micros < 0:
            return self._credit(currency)
        amount = minor_units("amount", micros, currency)
        return ImportedOrder(
            first, self._facts["customer"], self.order, amount, currency, self._sold(currency), self._coupons(),
            self._facts.get("promised_at"), self._later(first, amount, currency), self._contact(), False, self._where,
        )  # fmt: skip

    def _credit(self, currency: str) -> ImportedOrder:
        """A number that gives back more than it takes: a credit note for orders of other numbers."""
        time = min([*self._back, *(self._times or ())])
        if not self._numbered and not self._items:
            self._items = [{"sku": "", "back": sum(self._back.values())}]
        back = [
            {"sku": item["sku"], "back": minor_units("amount", item["back"], currency)}
            for item in self._items
            if "back" in item
        ]
        whole = minor_units("amount", sum(self._back.values()) - max(0, self._lines), currency)
        return ImportedOrder(
            time, self._facts["customer"], self.order, whole, currency, back, [], None, [], {}, True, self._where
        )

    def _sold(self, currency: str) -> list[dict[str, Any]]:
        return [
            item | {"price": minor_units("price", item["price"], currency)} for item in self._items if "price" in item
        ]

    def _coupons(self) -> list[str]:
        # WooCommerce's exports write code:spring|amount:5, others the codes alone.
        parts = str(self._facts.get("coupon", "")).replace(";", ",").split(",")
        codes = [part.partition("code:")[2].partition("|")[0] or part for part in parts]
        return [code for text in codes if (code := text.strip()) and code.isascii() and code.isprintable()
                and " " not in code and len(code) <= 64][:_MOST_COUPONS]  # fmt: skip

    def _later(self, placed: Millis, amount: int, currency: str) -> list[LaterChange]:
        facts = self._facts
        known = [facts[name] for name in ("paid_at", "dispatched_at", "delivered_at") if name in facts]
        refunded = minor_units("refunded", self._refunded(placed), currency)
        cancelled = facts.get("status") == "cancelled" or "cancelled_at" in facts
        moved = [
            LaterChange(f"order.{name}", facts[f"{name}_at"])
            for name in ("dispatched", "delivered")
            if f"{name}_at" in facts
        ]
        if cancelled and not (0 < refunded < amount):
            at = max(placed, facts.get("cancelled_at", max([placed, *known[:1]])))
            paid_back = [LaterChange("refund.paid", at, min(refunded, amount))] if refunded and amount else []
            return [*(one for one in moved if placed <= one.time <= at), LaterChange("order.cancelled", at), *paid_back]
        found = [one for one in moved if one.time >= placed]
        if facts.get("status") == "refunded" and not refunded:
            refunded = amount
        if refunded and amount:
            told = facts.get("refunded_at", facts.get("cancelled_at", max(self._back, default=0)))
            goods = not self._whole and bool(self._back) and not self._facts.get("refunded")
            kind = "order.returned" if goods else "refund.paid"
            found.append(LaterChange(kind, max([placed, *known, told]), min(refunded, amount)))
        return found

    def _refunded(self, placed: Millis) -> int:
        """What was given back, in millionths. A column, articles and rows tell the same: the first that is told."""
        rows = sum(back for time, back in self._back.items() if self._whole or time - placed >= _LATER)
        return abs(self._facts.get("refunded", 0)) or self._item_refunds or rows

    def _contact(self) -> dict[str, Any]:
        found: dict[str, Any] = contact_of_row(self._facts, self._country)
        if "consent" in self._facts and "email" in found:
            found["consent"] = self._facts["consent"]
        return found
