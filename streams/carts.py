"""The cart at hand, and whether it was left behind."""

from __future__ import annotations

from rules.context import EventContext
from schemas.browse import CartItemAdded, CartItemRemoved, CheckoutStarted, CheckoutStep, PaymentFailed
from schemas.orders import OrderPlaced
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_CART_ITEMS, Cart, CartItem, CartProduct
from schemas.times import Millis
from streams.churn import remember_signal
from streams.texts import clipped, shortened
from streams.timer_schedule import schedule_cart

SKU_BYTES = 40
"""Longer product ids are kept shortened; they still match themselves."""
TITLE_BYTES = 80
URL_BYTES = 140
"""Longer addresses are not kept, as half of one leads nowhere."""
_ANYBODY = "customer"
"""Who tells what browsers send, by a key that everybody can read: no message shows what they say."""


def add(context: EventContext, event: CartItemAdded) -> OutcomeCode | None:
    """Something was put into the cart; another cart id means another cart."""
    if _is_over(context, event.cart_id, event.at):
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
    if event.title and event.actor != _ANYBODY:
        cart.shown = _shown(event, event.title)
    remember_signal(context.record.purchase_features, "cart", context.at)
    _touch(context, cart, event.at)
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
    if cart.shown is not None and cart.shown.sku == sku:
        cart.shown = None
    if cart.items or cart.more:
        _touch(context, cart, event.at)
    else:
        context.record.cart = None
        schedule_cart(context)
    return None


def start_checkout(context: EventContext, event: CheckoutStarted) -> OutcomeCode | None:
    """The customer is on the way to the till; what is to be paid is now known."""
    if _is_over(context, event.cart_id, event.at):
        return OutcomeCode.OUTDATED
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        cart = context.record.cart = Cart(event.cart_id, event.currency)
    cart.value, cart.currency, cart.checkout = event.amount, event.currency, True
    _touch(context, cart, event.at)
    return None


def step(context: EventContext, event: CheckoutStep) -> OutcomeCode | None:
    """How far they came at the till."""
    cart = context.record.cart
    if cart is None or cart.id != event.cart_id:
        return OutcomeCode.OUTDATED if _is_bought(context, event.at) else OutcomeCode.UNKNOWN_CART
    cart.checkout, cart.step = True, event.step
    _touch(context, cart, event.at)
    return None


def fail_payment(context: EventContext, event: PaymentFailed) -> OutcomeCode | None:
    """A payment was refused."""
    context.record.browsing.failed_payments += 1
    cart = context.record.cart
    if cart is not None and cart.id == event.cart_id:
        cart.payment_failed = True
        _touch(context, cart, event.at)
    return None


def close(context: EventContext, event: OrderPlaced) -> None:
    """An order takes its cart with it; where it names none, the one at hand. What was bought under another cart's name,
    on another device, is not left in this one."""
    cart = context.record.cart
    if cart is None:
        return
    if event.cart_id not in (None, cart.id):
        _take_bought(cart, event)
    if event.cart_id in (None, cart.id) or not (cart.items or cart.more):
        context.record.cart = None
        schedule_cart(context)


def _take_bought(cart: Cart, event: OrderPlaced) -> None:
    bought = {clipped(item.sku, SKU_BYTES) for item in event.items}
    if not any(item.sku in bought for item in cart.items):
        return
    cart.value = max(cart.value - sum(item.price for item in cart.items if item.sku in bought), 0)
    cart.items = [item for item in cart.items if item.sku not in bought]
    if cart.shown is not None and cart.shown.sku in bought:
        cart.shown = None


def _shown(event: CartItemAdded, title: str) -> CartProduct:
    url, image = (one if one and len(one.encode()) <= URL_BYTES else "" for one in (event.url, event.image))
    return CartProduct(clipped(event.sku, SKU_BYTES), shortened(title, TITLE_BYTES), url, image)


def _touch(context: EventContext, cart: Cart, at: Millis) -> None:
    cart.touched = max(cart.touched, at)
    schedule_cart(context)


def _is_over(context: EventContext, cart_id: str, at: Millis) -> bool:
    """Whether news of a cart comes when it was bought, forgotten, or followed by another."""
    cart = context.record.cart
    followed = cart is not None and cart.id != cart_id and at < cart.touched
    return followed or at + context.defaults.carts.forget_millis <= context.at or _is_bought(context, at)


def _is_bought(context: EventContext, at: Millis) -> bool:
    """Whether news of a cart comes after the order that it became."""
    return at < context.record.purchases.last
