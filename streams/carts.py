"""The cart at hand, and whether it was left behind."""

from __future__ import annotations

from rules.context import EventContext
from schemas.browse import CartItemAdded, CartItemRemoved, CheckoutStarted, CheckoutStep, PaymentFailed
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_CART_ITEMS, Cart, CartItem
from schemas.times import Millis
from streams.churn import remember_signal
from streams.texts import clipped
from streams.timer_schedule import schedule_cart

SKU_BYTES = 40
"""Longer product ids are kept shortened; they still match themselves."""


def add(context: EventContext, event: CartItemAdded) -> OutcomeCode | None:
    """Something was put into the cart; another cart id means another cart."""
    if _is_bought(context, event.at):
        return OutcomeCode.OUTDATED
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        cart = context.record.cart = Cart(event.cart_id, event.currency)
    if event.currency == cart.currency:
        cart.value += event.price
    if len(cart.items) < MAX_CART_ITEMS:
        cart.items.append(CartItem(clipped(event.sku, SKU_BYTES), event.quantity, event.price))
    else:
        cart.more += 1
        context.count(OutcomeCode.CAP_CART_ITEMS)
    remember_signal(context.record.purchase_features, "cart", context.at)
    _touch(context, cart)
    return None


def take_out(context: EventContext, event: CartItemRemoved) -> OutcomeCode | None:
    """Something was taken out again; a cart with nothing left in it is none."""
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        return OutcomeCode.OUTDATED if _is_bought(context, event.at) else OutcomeCode.UNKNOWN_CART
    sku = clipped(event.sku, SKU_BYTES)
    item = next((item for item in reversed(cart.items) if item.sku == sku), None)
    if item is not None:
        cart.items.remove(item)
        cart.value = max(cart.value - item.price, 0)
    else:
        cart.more = max(cart.more - 1, 0)
    if cart.items or cart.more:
        _touch(context, cart)
    else:
        context.record.cart = None
        schedule_cart(context)
    return None


def start_checkout(context: EventContext, event: CheckoutStarted) -> OutcomeCode | None:
    """The customer is on the way to the till; what is to be paid is now known."""
    if _is_bought(context, event.at):
        return OutcomeCode.OUTDATED
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        cart = context.record.cart = Cart(event.cart_id, event.currency)
    cart.value, cart.currency, cart.checkout = event.amount, event.currency, True
    _touch(context, cart)
    return None


def step(context: EventContext, event: CheckoutStep) -> OutcomeCode | None:
    """How far they came at the till."""
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        return OutcomeCode.OUTDATED if _is_bought(context, event.at) else OutcomeCode.UNKNOWN_CART
    cart.checkout, cart.step = True, event.step
    _touch(context, cart)
    return None


def fail_payment(context: EventContext, event: PaymentFailed) -> OutcomeCode | None:
    """A payment was refused."""
    context.record.browsing.failed_payments += 1
    cart = context.record.cart
    if cart is not None and cart.id == event.cart_id:
        cart.payment_failed = True
        _touch(context, cart)
    return None


def close(context: EventContext, event: OrderPlaced) -> None:
    """An order takes its cart with it; where it names none, the one at hand."""
    cart = context.record.cart
    if cart is not None and event.cart_id in (None, cart.id):
        context.record.cart = None
        schedule_cart(context)


def _touch(context: EventContext, cart: Cart) -> None:
    cart.touched = context.at
    schedule_cart(context)


def _is_bought(context: EventContext, at: Millis) -> bool:
    """Whether news of a cart comes after the order that it became."""
    return at < context.record.purchases.last
