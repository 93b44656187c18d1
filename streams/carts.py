"""The cart at hand, and whether it was left behind."""

from __future__ import annotations

from schemas.browse import CartItemAdded, CartItemRemoved, CheckoutStarted, PaymentFailed
from schemas.orders import OrderPlaced
from schemas.record import MAX_CART_ITEMS, Cart, CartItem
from schemas.times import Millis
from streams.churn import remember_signal
from streams.notes import Note
from streams.texts import clipped
from streams.timer_schedule import schedule_cart
from streams.turn import Turn

SKU_BYTES = 40
"""Longer product ids are kept shortened; they still match themselves."""


def add(turn: Turn, event: CartItemAdded) -> Note | None:
    """Something was put into the cart; another cart id means another cart."""
    if _is_bought(turn, event.at):
        return Note.OUTDATED
    cart = turn.record.cart
    if cart is None or cart.id != event.cart_id:
        cart = turn.record.cart = Cart(event.cart_id, event.currency)
    if event.currency == cart.currency:
        cart.value += event.price
    if len(cart.items) < MAX_CART_ITEMS:
        cart.items.append(CartItem(clipped(event.sku, SKU_BYTES), event.quantity, event.price))
    else:
        cart.more += 1
        turn.note(Note.CAP_CART_ITEMS)
    remember_signal(turn.record.buying, "cart", turn.at)
    _touch(turn, cart)
    return None


def take_out(turn: Turn, event: CartItemRemoved) -> Note | None:
    """Something was taken out again; a cart with nothing left in it is none."""
    cart = turn.record.cart
    if cart is None or cart.id != event.cart_id:
        return Note.OUTDATED if _is_bought(turn, event.at) else Note.UNKNOWN_CART
    sku = clipped(event.sku, SKU_BYTES)
    item = next((item for item in reversed(cart.items) if item.sku == sku), None)
    if item is not None:
        cart.items.remove(item)
        cart.value = max(cart.value - item.price, 0)
    else:
        cart.more = max(cart.more - 1, 0)
    if cart.items or cart.more:
        _touch(turn, cart)
    else:
        turn.record.cart = None
        schedule_cart(turn)
    return None


def start_checkout(turn: Turn, event: CheckoutStarted) -> Note | None:
    """She is on the way to the till; what she would pay is now known."""
    if _is_bought(turn, event.at):
        return Note.OUTDATED
    cart = turn.record.cart
    if cart is None or cart.id != event.cart_id:
        cart = turn.record.cart = Cart(event.cart_id, event.currency)
    cart.value, cart.currency, cart.checkout = event.amount, event.currency, True
    _touch(turn, cart)
    return None


def fail_payment(turn: Turn, event: PaymentFailed) -> Note | None:
    """A payment was refused."""
    turn.record.browsing.failed_payments += 1
    cart = turn.record.cart
    if cart is not None and cart.id == event.cart_id:
        cart.payment_failed = True
        _touch(turn, cart)
    return None


def close(turn: Turn, event: OrderPlaced) -> None:
    """An order takes its cart with it; where it names none, the one at hand."""
    cart = turn.record.cart
    if cart is not None and event.cart_id in (None, cart.id):
        turn.record.cart = None
        schedule_cart(turn)


def _touch(turn: Turn, cart: Cart) -> None:
    cart.touched = turn.at
    schedule_cart(turn)


def _is_bought(turn: Turn, at: Millis) -> bool:
    """Whether news of a cart comes after the order that it became."""
    return at < turn.record.purchases.last
