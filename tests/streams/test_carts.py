"""The cart at hand."""

from __future__ import annotations

from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_CART_ITEMS, TimerKind
from tests.builders import Life, added, event, placed, when


def test_a_cart_that_nobody_touched_for_the_delay_is_left_once() -> None:
    life = Life()
    life.happens(added(), added(when(minutes=30), sku="s-2"))
    delay = life.lane.rulebook.defaults.carts.delay_millis
    assert life.due(TimerKind.CART) == when(minutes=30) + delay

    life.until(when(minutes=30) + delay - 1)
    assert "cart.left" not in life.heard

    life.until(when(3))
    assert life.heard.count("cart.left") == 1


def test_a_cart_touched_again_is_left_again() -> None:
    life = Life()
    life.happens(added())
    life.until(when(1))
    life.happens(added(when(2), sku="s-2"))
    life.until(when(3))

    assert life.heard.count("cart.left") == 2


def test_a_cart_left_for_long_is_forgotten() -> None:
    life = Life()
    life.happens(added())

    life.until(when(40))

    assert life.record.cart is None
    assert life.due(TimerKind.CART) is None


def test_another_cart_id_is_another_cart() -> None:
    life = Life()
    life.happens(added(price=900), added(when(minutes=1), cart_id="k-2", price=100))

    assert life.record.cart is not None
    assert (life.record.cart.id, life.record.cart.value) == ("k-2", 100)


def test_the_value_follows_what_is_put_in_and_taken_out() -> None:
    life = Life()
    life.happens(
        added(price=900),
        added(when(minutes=1), sku="s-2", price=100),
        event("cart.item_removed", when(minutes=2), cart_id="k-1", sku="s-1"),
    )

    assert life.record.cart is not None
    assert (life.record.cart.value, [item.sku for item in life.record.cart.items]) == (100, ["s-2"])


def test_an_emptied_cart_is_none_and_nobody_waits_for_it() -> None:
    life = Life()
    life.happens(added(), event("cart.item_removed", when(minutes=2), cart_id="k-1", sku="s-1"))

    life.until(when(3))

    assert life.record.cart is None
    assert "cart.left" not in life.heard


def test_beyond_its_bound_a_cart_keeps_value_and_number_but_no_more_lines() -> None:
    life = Life()

    outcome = life.happens(*(added(when(minutes=n), sku=f"s-{n}", price=10) for n in range(MAX_CART_ITEMS + 3)))

    cart = life.record.cart
    assert cart is not None
    assert (len(cart.items), cart.more, cart.value) == (MAX_CART_ITEMS, 3, 10 * (MAX_CART_ITEMS + 3))
    assert outcome.codes == {OutcomeCode.CAP_CART_ITEMS: 3}


def test_the_way_to_the_till_says_what_the_customer_would_pay() -> None:
    life = Life()
    life.happens(
        added(price=900),
        event("checkout.started", when(minutes=1), cart_id="k-1", amount=1_070, currency="EUR"),
        event("payment.failed", when(minutes=2), cart_id="k-1"),
    )

    cart = life.record.cart
    assert cart is not None
    assert (cart.value, cart.checkout, cart.payment_failed) == (1_070, True, True)
    assert life.record.browsing.failed_payments == 1


def test_news_of_a_cart_that_comes_after_its_order_is_outdated() -> None:
    life = Life()
    life.happens(placed(when(1)))

    outcome = life.happens(added(when(0)), event("checkout.started", cart_id="k-1", amount=1, currency="EUR"))

    assert outcome.codes == {OutcomeCode.OUTDATED: 2}
    assert life.record.cart is None


def test_taking_something_out_of_a_cart_that_is_not_at_hand_is_counted() -> None:
    outcome = Life().happens(event("cart.item_removed", cart_id="k-9", sku="s-1"))

    assert outcome.codes == {OutcomeCode.UNKNOWN_CART: 1}


def test_a_foreign_currency_in_the_cart_is_not_added_to_its_value() -> None:
    life = Life()
    life.happens(added(price=900), added(when(minutes=1), sku="s-2", price=9_999, currency="JPY"))

    assert life.record.cart is not None
    assert life.record.cart.value == 900
