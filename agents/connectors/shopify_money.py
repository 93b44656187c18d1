"""Money of Shopify's orders: what is to be paid, and what went back, in the currency of the shop.

``total_price`` only grows with edits, ``current_total_price`` follows edits and refunds; what is to be paid is the
latter with the money of refunds added again. A transaction is in the currency that the customer paid in.
Source: https://shopify.dev/docs/api/admin-rest/latest/resources/refund, …/transaction
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Final

from agents.connectors.told import Body, Told, mapping, mappings, minor, moment, news, reference, rfc3339, text

_news: Final = partial(news, "shopify")
_BACK: Final = ("return",)
"""Why articles of a refund go back into stock, where that means that the customer sent them."""


def amount_of(order: Body) -> int:
    """What the customer pays: money that went back is told by refunds, edits are not."""
    currency = text(order.get("currency"))
    total = minor("total_price", order.get("total_price"), currency)
    if order.get("current_total_price") is None:
        return total
    current = minor("current_total_price", order["current_total_price"], currency)
    back = sum(_money(one, order, "success") for one in mappings(order.get("refunds")))
    return min(total, current + back)


def _money(refund: Body, order: Body, status: str) -> int:
    """Money of a refund in the currency of the shop, which is its order's.

    Args:
        order: an empty one where it is not at hand.
    """
    given = [
        one
        for one in mappings(refund.get("transactions"))
        if one.get("kind") == "refund" and one.get("status") == status and one.get("test") is not True
    ]
    return sum(_in_shops_currency(one, order) for one in given)


def _in_shops_currency(transaction: Body, order: Body) -> int:
    """A transaction is in what the customer paid with; the order tells its total in both."""
    ours = text(order.get("currency"))
    theirs = text(transaction.get("currency")) or ours
    amount = minor("transactions.amount", transaction.get("amount"), theirs)
    if not ours or theirs == ours:
        return amount
    both = mapping(order.get("total_price_set"))
    shop, paid = (mapping(both.get(name)).get("amount") for name in ("shop_money", "presentment_money"))
    total = minor("total_price_set.presentment_money", paid, theirs)
    if not total:
        return 0
    rate = Decimal(minor("total_price_set.shop_money", shop, ours)) / total
    return int((amount * rate).quantize(Decimal(1), ROUND_HALF_UP))


def refunds(order: Body, own: str) -> Iterator[Told]:
    for one in mappings(order.get("refunds")):
        yield from refund(one, own, order)


def refund(refund: Body, own: str, order: Body) -> Iterator[Told]:
    """Money that went back, and goods with it. An entry without a transaction is an edit of the order."""
    ref = reference("refund.id", refund.get("id"))
    at = rfc3339(moment("refund.processed_at", refund.get("processed_at") or refund.get("created_at")))
    paid, asked = (_money(refund, order, status) for status in ("success", "pending"))
    came_back = any(one.get("restock_type") in _BACK for one in mappings(refund.get("refund_line_items")))
    base: Told = {"time": at, "refund": ref}
    if paid and came_back:
        yield _news("order.returned", own, ref, base | {"amount": paid})
    if paid:
        yield _news("refund.paid", own, ref, base | {"amount": paid})
    elif asked:
        yield _news("refund.requested", own, ref, base | {"amount": asked})


def in_customers_currency(refund: Body) -> bool:
    """Whether the customer paid in another currency than the shop sells in."""
    parts = [*mappings(refund.get("refund_line_items")), *mappings(refund.get("order_adjustments"))]
    sets = [mapping(one.get(name)) for one in parts for name in ("subtotal_set", "amount_set")]
    both = [
        [mapping(one.get(name)).get("currency_code") for name in ("shop_money", "presentment_money")] for one in sets
    ]
    return any(shop and paid and shop != paid for shop, paid in both)
