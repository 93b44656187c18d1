"""Browsing. What a visit does before its end may depend on the past and on that end, and on nothing later."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions
from agents.simulate.event_schedule import DAY, EventSchedule
from agents.simulate.source import CURRENCY, Basket, BasketLine

_STEPS: Final = ("login", "recipient", "delivery", "payment")
_FAILURES: Final = ("card declined", "insufficient funds", "expired card", "timeout")
_REFUSALS: Final = ("expired", "already used", "not for these items", "unknown code")


class Catalogue:
    """What can be looked at: the products that have a category."""

    def __init__(self, categories: dict[int, str]) -> None:
        self._categories = categories
        self._shelf = sorted(categories)

    def category(self, product: int) -> str:
        """The category of a product."""
        return self._categories.get(product, "OTHER")

    def any(self, dice: Dice) -> int:
        """A product drawn at random."""
        return dice.pick(self._shelf)


class Rhythm:
    """How often a customer orders, from their past alone: a count that fades, brought forward day by day."""

    __slots__ = ("_orders", "appetite", "bought", "paid")

    def __init__(self, appetite: float) -> None:
        self.appetite = appetite
        self.bought: deque[BasketLine] = deque(maxlen=8)
        self._orders = 0.0
        self.paid = 0
        """Cents of the last order."""

    def expected(self, table: Distributions) -> float:
        """Visits without an order expected today; then a day passes."""
        rate = self.appetite * table.visits_per_order * self._orders / table.rhythm_days + table.visits_floor
        self._orders *= math.exp(-1.0 / table.rhythm_days)
        return min(rate, table.visits_cap)

    def order(self, lines: list[BasketLine]) -> None:
        """The customer has ordered."""
        self._orders += 1.0
        self.paid = sum(line.cents for line in lines)
        self.bought.extend(lines[:4])


class Visit:
    """One visit being written down: steps follow each other, ids count them."""

    def __init__(self, sheet: EventSchedule, catalogue: Catalogue, customer: str, cart: str, dice: Dice) -> None:
        self._sheet, self._catalogue, self._customer, self._dice = sheet, catalogue, customer, dice
        self.cart = cart
        self._steps = 0

    def _step(self, at: int, kind: str, fields: dict[str, Any]) -> None:
        self._sheet.tell(at, f"{self.cart}-{self._steps}", self._customer, kind, fields)
        self._steps += 1

    def view(self, at: int, product: int) -> None:
        """The customer looks at a product page."""
        fields = {"sku": str(product), "category": self._catalogue.category(product)}
        self._step(at, "product.viewed", fields)

    def search(self, at: int, product: int, results: int) -> None:
        """A search for a product's category."""
        query = self._catalogue.category(product).lower()
        self._step(at, "search.performed", {"query": query, "results": results})

    def add(self, at: int, line: BasketLine) -> None:
        """The customer puts a product into the cart."""
        fields = {"cart_id": self.cart, "sku": str(line.product), "quantity": line.quantity, "price": line.cents}
        self._step(at, "cart.item_added", {**fields, "currency": CURRENCY})

    def remove(self, at: int, line: BasketLine) -> None:
        """The customer takes a product out of the cart."""
        self._step(at, "cart.item_removed", {"cart_id": self.cart, "sku": str(line.product)})

    def till(self, at: int, cents: int) -> None:
        """The customer goes to the checkout."""
        self._step(at, "checkout.started", {"cart_id": self.cart, "amount": cents, "currency": CURRENCY})

    def step(self, at: int, name: str) -> None:
        """A step between till and order."""
        self._step(at, "checkout.step", {"cart_id": self.cart, "step": name})

    def note(self, at: int, product: int, later: Dice, table: Distributions) -> None:
        """A product is noted; it comes back into stock, off the list, or costs less."""
        out, sku, price = later.chance(table.noted_out), str(product), 100 * later.between(2, 40)
        when = at + later.between(DAY, 14 * DAY)
        self._step(at, "wishlist.added", {"sku": sku, "price": price, "currency": CURRENCY, "in_stock": not out})
        if out:
            fields = {"sku": sku, "stock": later.between(1, 40), "price": price, "currency": CURRENCY}
            self._sheet.tell(when, f"{self.cart}-back", self._customer, "product.updated", fields)
        elif later.chance(table.noted_dropped):
            self._sheet.tell(when, f"{self.cart}-dropped", self._customer, "wishlist.removed", {"sku": sku})
        elif later.chance(table.noted_cheaper):
            fields = {"sku": sku, "stock": later.between(1, 40), "price": price * 4 // 5, "currency": CURRENCY}
            self._sheet.tell(when, f"{self.cart}-cheaper", self._customer, "product.updated", fields)

    def payment_failed(self, at: int) -> None:
        """The payment was refused."""
        self._step(at, "payment.failed", {"cart_id": self.cart, "reason": self._dice.pick(_FAILURES)})

    def coupon_refused(self, at: int) -> None:
        """The coupon did not work."""
        code = f"WELCOME{self._dice.below(1000):03d}"
        self._step(at, "coupon.refused", {"code": code, "reason": self._dice.pick(_REFUSALS)})


def wander(
    visit: Visit, rhythm: Rhythm, catalogue: Catalogue, day: int, dice: Dice, later: Dice, table: Distributions
) -> None:
    """A visit without an order on this day (days since the epoch); ``later`` is drawn for what a list is kept for."""
    hour = dice.weighted(_hours(table))
    at = day * DAY + hour * 3600 + dice.below(3600)
    kind = dice.weighted(table.visit_kinds)
    if kind == "look":
        for _ in range(dice.between(*table.views_per_look)):
            product = _product(rhythm, catalogue, dice, table)
            visit.view(at, product)
            at += dice.between(*table.pause)
            if later.chance(table.noted):
                visit.note(at, product, later, table)
                return
    elif kind == "search":
        _search(visit, rhythm, catalogue, at, dice, table)
    else:
        _leave_cart(visit, rhythm, catalogue, at, dice, later, table)


def shop(visit: Visit, basket: Basket, earliest: int, dice: Dice, table: Distributions) -> int:
    """The visit that ends in this order; the moment it began, less than an hour before."""
    begin = max(earliest, basket.at - dice.between(*table.order_visit))
    steps: list[tuple[str, Any]] = [("view", dice.pick(basket.lines)) for _ in range(dice.between(*table.order_views))]
    if dice.chance(table.order_search):
        steps.insert(0, ("search", dice.pick(basket.lines)))
    steps += [("add", line) for line in basket.lines[: dice.between(*table.order_adds)]]
    steps.append(("till", None))
    if dice.chance(table.order_coupon_refused):
        steps.append(("coupon", None))
    if dice.chance(table.order_payment_failed):
        steps.append(("payment", None))
    total = sum(line.cents for line in basket.lines)
    span = basket.at - begin
    for index, (kind, line) in enumerate(steps):
        _take(visit, kind, line, begin + span * index // len(steps), total, dice, table)
    return begin


def _take(visit: Visit, kind: str, line: BasketLine, at: int, total: int, dice: Dice, table: Distributions) -> None:
    match kind:
        case "view":
            visit.view(at, line.product)
        case "search":
            visit.search(at, line.product, dice.between(*table.results))
        case "add":
            visit.add(at, line)
        case "till":
            visit.till(at, total)
        case "coupon":
            visit.coupon_refused(at)
        case _:
            visit.payment_failed(at)


def _search(visit: Visit, rhythm: Rhythm, catalogue: Catalogue, at: int, dice: Dice, table: Distributions) -> None:
    product = _product(rhythm, catalogue, dice, table)
    if dice.chance(table.search_empty):
        visit.search(at, product, 0)
        return
    visit.search(at, product, dice.between(*table.results))
    if dice.chance(table.search_view):
        visit.view(at + dice.between(*table.pause), product)


def _leave_cart(
    visit: Visit, rhythm: Rhythm, catalogue: Catalogue, at: int, dice: Dice, later: Dice, table: Distributions
) -> None:
    line = dice.pick(rhythm.bought) if rhythm.bought else BasketLine(catalogue.any(dice), 1, 100 * dice.between(1, 40))
    visit.view(at, line.product)
    at += dice.between(*table.pause)
    visit.add(at, line)
    if dice.chance(table.cart_removed):
        other = BasketLine(catalogue.any(dice), 1, 100 * dice.between(1, 40))
        visit.add(at + 5, other)
        at += dice.between(*table.pause) + 5
        visit.remove(at, other)
    if not dice.chance(table.cart_till):
        return
    at += dice.between(*table.pause)
    visit.till(at, line.cents)
    if later.chance(table.till_steps):
        visit.step(at + 5, later.pick(_STEPS))
    at += dice.between(*table.pause)
    if dice.chance(table.left_payment_failed):
        visit.payment_failed(at)
    elif dice.chance(table.left_coupon_refused):
        visit.coupon_refused(at)


def _product(rhythm: Rhythm, catalogue: Catalogue, dice: Dice, table: Distributions) -> int:
    if rhythm.bought and dice.chance(table.own_products):
        return dice.pick(rhythm.bought).product
    return catalogue.any(dice)


def _hours(table: Distributions) -> list[tuple[int, float]]:
    total = sum(table.hours)
    return [(hour, weight / total) for hour, weight in enumerate(table.hours)]
