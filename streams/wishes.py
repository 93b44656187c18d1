"""Products that the customer noted, and what becomes of them: back in stock, cheaper."""

from __future__ import annotations

from msgspec.structs import replace

from rules.context import EventContext
from schemas.browse import WishlistAdded, WishlistRemoved
from schemas.customers import ProductUpdated
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.relations import MAX_WISHES, Wish
from schemas.times import DAY, Millis
from streams.texts import clipped

SKU_BYTES = 40
KEPT: Millis = 90 * DAY
"""How long a product that was taken off the list is known to be."""
AGAIN: Millis = 30 * DAY
"""Stock that comes and goes is told of once, and so long not again, unless the customer notes the product anew."""
COMPARED: Millis = 30 * DAY
"""A price is called lower only against the lowest of the last 30 days (Directive 98/6/EC, Article 6a)."""


def note(context: EventContext, event: WishlistAdded) -> OutcomeCode | None:
    """The customer noted a product; noted again, it is as it is now."""
    wish = _find(context, event.sku)
    if wish is None:
        wish = _enter(context, event.sku, event.at)
    elif event.at <= wish.at and (event.at, event.price or 0) <= (wish.changed, wish.price):
        return OutcomeCode.OUTDATED
    wish.at = max(wish.at, event.at)
    if (event.at, event.price or 0) > (wish.changed, wish.price):
        if (event.currency or "") != wish.currency:
            wish.currency, wish.price, wish.low = event.currency or "", 0, 0
        _price(wish, event.price or 0, event.at)
        wish.changed, wish.in_stock = event.at, event.in_stock
    return _cut(context)


def drop(context: EventContext, event: WishlistRemoved) -> OutcomeCode | None:
    """They no longer want it noted; heard of before the noting, it waits for that."""
    wish = _find(context, event.sku) or _enter(context, event.sku, 0)
    if event.at <= wish.gone:
        return OutcomeCode.OUTDATED
    wish.gone = event.at
    return _cut(context)


def change(context: EventContext, event: ProductUpdated) -> OutcomeCode | None:
    """News of something they noted; what it was waited for is noticed."""
    wish = _find(context, event.sku)
    if wish is None or not wish.is_noted or event.at <= wish.changed:
        return OutcomeCode.OUTDATED
    wish.changed, had_it = event.at, wish.in_stock
    if event.stock is not None:
        if event.stock and not wish.in_stock and (wish.told <= wish.at or event.at - wish.told >= AGAIN):
            context.notice("wish.back", wish.sku)
            wish.told = event.at
        wish.in_stock = event.stock > 0
    if event.price is not None and event.currency == wish.currency:
        was = _price(wish, event.price, event.at)
        # Of what has just come back, one message tells the price as well.
        if event.price < was and wish.in_stock and had_it:
            context.notice("wish.cheaper", wish.sku, **{"product.was": was})
    return None


def fulfil(context: EventContext, event: OrderPlaced) -> None:
    """What was ordered is wished for no longer."""
    ordered = {clipped(item.sku, SKU_BYTES) for item in event.items}
    for wish in context.record.wishes:
        if wish.sku in ordered:
            wish.gone = max(wish.gone, event.at)


def forget(context: EventContext) -> None:
    """What was taken off the list long ago says nothing of now."""
    record = context.record
    if any(not one.is_noted and one.gone < context.at - KEPT for one in record.wishes):
        record.wishes = [one for one in record.wishes if one.is_noted or one.gone >= context.at - KEPT]


def joined(mine: list[Wish], other: list[Wish]) -> list[Wish]:
    """One list of two: of what stands on both, all that was told."""
    wishes: dict[str, Wish] = {}
    for one in sorted([*mine, *other], key=lambda one: (one.changed, one.price)):
        known = wishes.get(one.sku, one)
        moments = {"at": max(one.at, known.at), "gone": max(one.gone, known.gone), "told": max(one.told, known.told)}
        wishes[one.sku] = replace(one, **moments)
    return _first_to_last(list(wishes.values()))[-MAX_WISHES:]


def _price(wish: Wish, price: int, at: Millis) -> int:
    """Its price from now on; the lowest that it had in the days before, as far as known, or 0."""
    known = [(wish.price, at)] if wish.price else []
    if wish.low and at - wish.low_until <= COMPARED:
        known.append((wish.low, wish.low_until))
    wish.low, wish.low_until = min(known, key=lambda one: (one[0], -one[1]), default=(0, 0))
    wish.price = price
    return wish.low


def _find(context: EventContext, sku: str) -> Wish | None:
    name = clipped(sku, SKU_BYTES)
    return next((one for one in context.record.wishes if one.sku == name), None)


def _enter(context: EventContext, sku: str, at: Millis) -> Wish:
    wish = Wish(clipped(sku, SKU_BYTES), at)
    context.record.wishes = [*context.record.wishes, wish]
    return wish


def _cut(context: EventContext) -> OutcomeCode | None:
    """What makes room first comes first."""
    wishes = _first_to_last(context.record.wishes)
    if len(wishes) > MAX_WISHES and wishes[0].is_noted:
        context.count(OutcomeCode.CAP_WISHES)
    context.record.wishes = wishes[-MAX_WISHES:]
    return None


def _first_to_last(wishes: list[Wish]) -> list[Wish]:
    return sorted(wishes, key=lambda one: (one.is_noted, one.at, one.sku))
