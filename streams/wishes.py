"""Products that the customer noted, and what becomes of them: back in stock, cheaper."""

from __future__ import annotations

from rules.context import EventContext
from schemas.browse import WishlistAdded, WishlistRemoved
from schemas.customers import ProductUpdated
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_WISHES, Wish
from streams.texts import clipped

SKU_BYTES = 40


def note(context: EventContext, event: WishlistAdded) -> OutcomeCode | None:
    """The customer noted a product; noted again, it is as it is now."""
    known = _find(context, event.sku)
    if known is not None and event.at <= known.changed:
        return OutcomeCode.OUTDATED
    wish = Wish(clipped(event.sku, SKU_BYTES), event.at, event.price or 0, event.currency or "", event.in_stock)
    wish.changed = event.at
    others = [one for one in context.record.wishes if one is not known]
    if len(others) >= MAX_WISHES:
        context.count(OutcomeCode.CAP_WISHES)
    context.record.wishes = sorted([*others, wish], key=lambda one: (one.at, one.sku))[-MAX_WISHES:]
    return None


def drop(context: EventContext, event: WishlistRemoved) -> OutcomeCode | None:
    """They no longer want it noted."""
    wish = _find(context, event.sku)
    if wish is None or event.at < wish.at:
        return OutcomeCode.OUTDATED
    context.record.wishes = [one for one in context.record.wishes if one is not wish]
    return None


def change(context: EventContext, event: ProductUpdated) -> OutcomeCode | None:
    """News of something they noted; what it was waited for is noticed."""
    wish = _find(context, event.sku)
    if wish is None or event.at <= wish.changed:
        return OutcomeCode.OUTDATED
    wish.changed, had_it = event.at, wish.in_stock
    if event.stock is not None:
        if event.stock and not wish.in_stock:
            context.notice("wish.back", wish.sku)
        wish.in_stock = event.stock > 0
    if event.price is not None and event.currency == wish.currency:
        # Of what has just come back, one message tells the price as well.
        if event.price < wish.price and wish.in_stock and had_it:
            context.notice("wish.cheaper", wish.sku, **{"product.was": wish.price})
        wish.price = event.price
    return None


def fulfil(context: EventContext, event: OrderPlaced) -> None:
    """What was ordered is wished for no longer."""
    ordered = {clipped(item.sku, SKU_BYTES) for item in event.items}
    context.record.wishes = [one for one in context.record.wishes if one.sku not in ordered or one.at > event.at]


def _find(context: EventContext, sku: str) -> Wish | None:
    name = clipped(sku, SKU_BYTES)
    return next((one for one in context.record.wishes if one.sku == name), None)
